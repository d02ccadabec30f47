// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the GGUF header: any bytes are refused or give values and tensors that lie within them.
#include "weights/gguf.hpp"

#include <cstdlib>
#include <stdexcept>

namespace {

using aircomp::inference::GgufValue;

/// Asks for the value as each type; all but one or two refuse.
void read_as_everything(const GgufValue& value) {
    const auto attempt = [](auto&& read) {
        try {
            read();
        } catch (const std::runtime_error&) {
            return;  // of another type
        }
    };
    attempt([&] { value.text(); });
    attempt([&] { value.boolean(); });
    attempt([&] { value.integer(-5, INT64_MAX); });
    attempt([&] { value.number(); });
    attempt([&] { value.texts(); });
    attempt([&] { value.booleans(); });
    attempt([&] { value.integers(-5, INT64_MAX); });
    attempt([&] { value.numbers(); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = gsl::as_bytes(gsl::span<const std::uint8_t>(data, size));
    try {
        const auto file = aircomp::inference::parse_gguf(bytes, "file");
        for (const std::string& key : file.metadata.keys())
            read_as_everything(file.metadata.at(key));
        for (const auto& tensor : file.tensors) {
            if (tensor.bytes.empty()) continue;
            if (tensor.bytes.data() < bytes.data() ||
                tensor.bytes.data() + tensor.bytes.size() > bytes.data() + size) {
                std::abort();
            }
        }
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
