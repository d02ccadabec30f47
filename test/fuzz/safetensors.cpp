// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the safetensors header: any bytes are refused or give tensors that lie within them.
#include "weights/safetensors.hpp"

#include <cstdlib>
#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = gsl::as_bytes(gsl::span<const std::uint8_t>(data, size));
    try {
        const std::byte* previous_end = nullptr;
        for (const auto& tensor : aircomp::inference::parse_safetensors(file, "file")) {
            const std::byte* begin = tensor.bytes.data();
            const std::byte* end = begin + tensor.bytes.size();
            if (begin < file.data() || end > file.data() + file.size()) std::abort();
            if (previous_end != nullptr && begin != previous_end) std::abort();
            previous_end = end;
        }
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
