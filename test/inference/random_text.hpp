// SPDX-License-Identifier: GPL-3.0-or-later
// Text of any characters that Unicode has room for, as UTF-8.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace aircomp::test {

inline void append_utf8(std::string& text, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    const auto put_rest = [&](int count) {
        for (int i = count - 1; i >= 0; --i)
            put(0x80 | (code_point >> (6 * i) & 0x3F));
    };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put_rest(1);
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put_rest(2);
    } else {
        put(0xF0 | code_point >> 18);
        put_rest(3);
    }
}

/// Up to `longest` characters: ASCII, the scripts' plane and all of Unicode in equal parts.
inline std::string random_text(std::mt19937_64& generator, std::size_t longest) {
    constexpr std::uint32_t ends[] = {0x80, 0x3000, 0x110000};
    std::string text;
    const std::size_t length = generator() % (longest + 1);
    for (std::size_t i = 0; i < length; ++i) {
        const auto code_point = static_cast<std::uint32_t>(generator() % ends[generator() % 3]);
        const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
        append_utf8(text, surrogate ? 0x20 : code_point);
    }
    return text;
}

}  // namespace aircomp::test
