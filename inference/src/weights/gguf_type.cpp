// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes of GGUF's types, and how errors print what a file holds.
#include "weights/gguf_type.hpp"

namespace aircomp::inference {

namespace {
constexpr std::size_t longest_shown = 80;
}  // namespace

std::size_t bytes_of(GgufType type) {
    switch (type) {
        case GgufType::u8:
        case GgufType::i8:
        case GgufType::boolean:
            return 1;
        case GgufType::u16:
        case GgufType::i16:
            return 2;
        case GgufType::u32:
        case GgufType::i32:
        case GgufType::f32:
            return 4;
        case GgufType::u64:
        case GgufType::i64:
        case GgufType::f64:
            return 8;
        case GgufType::text:
        case GgufType::array:
            break;
    }
    return 0;
}

bool is_float(GgufType type) {
    return type == GgufType::f32 || type == GgufType::f64;
}

bool is_integer(GgufType type) {
    return bytes_of(type) > 0 && !is_float(type) && type != GgufType::boolean;
}

std::string shown(std::string_view text) {
    constexpr const char* digits = "0123456789abcdef";
    std::string result;
    for (const char c : text.substr(0, longest_shown)) {
        if (c >= ' ' && c <= '~') {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return text.size() > longest_shown ? result + "..." : result;
}

}  // namespace aircomp::inference
