// SPDX-License-Identifier: GPL-3.0-or-later
// Codes of a few bits side by side in bytes, the lowest bits first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>

namespace aircomp::runtime {

class BitWriter {
public:
    explicit BitWriter(gsl::span<std::uint8_t> bytes) : bytes_(bytes) {}

    /// At most 32 bits.
    void put(std::uint32_t code, int bits) {
        pending_ |= static_cast<std::uint64_t>(code) << held_;
        for (held_ += bits; held_ >= 8; held_ -= 8, pending_ >>= 8)
            bytes_[at_++] = static_cast<std::uint8_t>(pending_);
    }

    /// The bits that fill no byte.
    void finish() {
        if (held_ > 0) bytes_[at_] = static_cast<std::uint8_t>(pending_);
    }

private:
    gsl::span<std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint64_t pending_ = 0;
    int held_ = 0;
};

class BitReader {
public:
    explicit BitReader(gsl::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    /// At most 32 bits.
    std::uint32_t take(int bits) {
        for (; held_ < bits; held_ += 8)
            pending_ |= static_cast<std::uint64_t>(bytes_[at_++]) << held_;
        const auto code = static_cast<std::uint32_t>(pending_ & ((std::uint64_t{1} << bits) - 1));
        pending_ >>= bits;
        held_ -= bits;
        return code;
    }

private:
    gsl::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint64_t pending_ = 0;
    int held_ = 0;
};

}  // namespace aircomp::runtime
