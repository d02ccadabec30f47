// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 well-formedness (Unicode standard, table 3-7) and character boundaries.
#include "text/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
}

bool is_continuation(std::uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/// Bytes of the well-formed character at `start`; 0 where there is none.
std::size_t character_length(std::string_view text, std::size_t start) {
    const std::uint8_t lead = byte_at(text, start);
    const std::size_t length = utf8_length(text[start]);
    if (length == 0 || text.size() - start < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(byte_at(text, start + i))) return 0;
    }
    if (length < 3) return length;
    const std::uint8_t second = byte_at(text, start + 1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second >= 0xA0;
    const bool beyond_unicode = lead == 0xF4 && second >= 0x90;
    return overlong || surrogate || beyond_unicode ? 0 : length;
}

}  // namespace

std::size_t utf8_length(char lead) {
    const auto byte = static_cast<std::uint8_t>(lead);
    if (byte < 0x80) return 1;
    if (byte >= 0xC2 && byte < 0xE0) return 2;
    if (byte >= 0xE0 && byte < 0xF0) return 3;
    if (byte >= 0xF0 && byte < 0xF5) return 4;
    return 0;
}

void require_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = character_length(text, i);
        if (length == 0) {
            throw std::runtime_error("text: expected valid UTF-8, found byte " +
                                     std::to_string(byte_at(text, i)) + " at offset " +
                                     std::to_string(i));
        }
        i += length;
    }
}

std::string_view complete_utf8(std::string_view text) {
    // The last character's lead byte is among the last three, or the text is complete.
    const std::size_t lookback = std::min<std::size_t>(text.size(), 3);
    for (std::size_t back = 1; back <= lookback; ++back) {
        const std::uint8_t byte = byte_at(text, text.size() - back);
        if (is_continuation(byte)) continue;
        return utf8_length(static_cast<char>(byte)) > back ? text.substr(0, text.size() - back)
                                                           : text;
    }
    return text;
}

}  // namespace aircomp::inference
