// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 well-formedness (Unicode standard, table 3-7) and character boundaries.
#include "text/utf8.hpp"

#include <unicode/uchar.h>

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

bool is_white_space(std::uint32_t character) {
    return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0;
}

/// Unicode's technical standard 18, annex C: what \w matches.
bool is_of_word(std::uint32_t code_point) {
    const auto character = static_cast<UChar32>(code_point);
    const std::uint32_t kinds = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
    return u_hasBinaryProperty(character, UCHAR_ALPHABETIC) != 0 ||
           (U_GET_GC_MASK(character) & kinds) != 0 ||
           u_hasBinaryProperty(character, UCHAR_JOIN_CONTROL) != 0;
}

/// Where the last character of `text`, which is not empty, begins.
std::size_t last_character(std::string_view text) {
    std::size_t at = text.size() - 1;
    while (at > 0 && is_continuation(byte_at(text, at)))
        --at;
    return at;
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

std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
    const std::size_t length = utf8_length(text[at]);
    constexpr std::uint32_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t code_point = byte_at(text, at) & lead_bits[length];
    for (std::size_t i = 1; i < length; ++i)
        code_point = code_point << 6 | (byte_at(text, at + i) & 0x3FU);
    at += length;
    return code_point;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code_point < 0x80) return put(code_point);
    const int rest = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    constexpr std::uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
    put(leads[rest] | code_point >> (6 * rest));
    for (int i = rest - 1; i >= 0; --i)
        put(0x80 | (code_point >> (6 * i) & 0x3F));
}

std::size_t white_space_at_start(std::string_view text) {
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size() && is_white_space(next_code_point(text, at));)
        end = at;
    return end;
}

std::size_t white_space_at_end(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t begin = last_character(rest);
        std::size_t at = begin;
        if (!is_white_space(next_code_point(rest, at))) break;
        rest = rest.substr(0, begin);
    }
    return text.size() - rest.size();
}

bool starts_with_word(std::string_view text) {
    std::size_t at = 0;
    return !text.empty() && is_of_word(next_code_point(text, at));
}

bool ends_with_word(std::string_view text) {
    return !text.empty() && starts_with_word(text.substr(last_character(text)));
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
