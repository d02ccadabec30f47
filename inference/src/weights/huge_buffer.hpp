// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for weights, on huge pages where the system has them: one token reads every byte of it,
// and with 4 KiB pages the address translation alone costs a sixth of the bandwidth.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <gsl/span>
#include <memory>

namespace aircomp::inference {

/// Uninitialised bytes, aligned to 64 or better; pages become resident when first written.
class HugeBuffer {
public:
    HugeBuffer() = default;
    /// Throws std::bad_alloc where the address space does not hold `bytes`.
    explicit HugeBuffer(std::size_t bytes);

    gsl::span<std::byte> bytes() const { return {memory_.get(), size_}; }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_;
    std::size_t size_ = 0;
};

}  // namespace aircomp::inference
