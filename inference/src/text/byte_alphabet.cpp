// SPDX-License-Identifier: GPL-3.0-or-later
// GPT-2's byte alphabet: printable Latin-1 characters stand for themselves, the other 68 bytes,
// in order, for U+0100 onwards (the space is U+0120).
#include "text/byte_alphabet.hpp"

#include <array>
#include <cstdint>

#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

constexpr std::size_t alphabet_end = 256 + 68;
constexpr int no_byte = -1;

bool stands_for_itself(int byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<int, alphabet_end> bytes_by_code_point() {
    std::array<int, alphabet_end> table{};
    table.fill(no_byte);
    std::size_t next = 256;
    for (int byte = 0; byte < 256; ++byte) {
        table[stands_for_itself(byte) ? static_cast<std::size_t>(byte) : next++] = byte;
    }
    return table;
}

std::array<std::string, 256> characters_by_byte() {
    std::array<std::string, 256> characters;
    const auto bytes = bytes_by_code_point();
    for (std::size_t code_point = 0; code_point < bytes.size(); ++code_point) {
        if (bytes[code_point] == no_byte) continue;
        append_utf8(characters[static_cast<std::size_t>(bytes[code_point])],
                    static_cast<std::uint32_t>(code_point));
    }
    return characters;
}

}  // namespace

std::string in_byte_alphabet(std::string_view bytes) {
    static const std::array<std::string, 256> characters = characters_by_byte();
    std::string text;
    text.reserve(2 * bytes.size());
    for (const char byte : bytes)
        text += characters[static_cast<std::uint8_t>(byte)];
    return text;
}

std::optional<std::string> bytes_from_alphabet(std::string_view text) {
    static const std::array<int, alphabet_end> table = bytes_by_code_point();
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        // The alphabet ends before U+0800: one or two bytes of UTF-8 a character.
        std::size_t code_point = static_cast<std::uint8_t>(text[i]);
        if (code_point >= 0x80) {
            if ((code_point & 0xE0) != 0xC0 || i + 1 == text.size()) return std::nullopt;
            code_point = (code_point & 0x1F) << 6 | (static_cast<std::uint8_t>(text[++i]) & 0x3F);
        }
        if (code_point >= table.size() || table[code_point] == no_byte) return std::nullopt;
        bytes += static_cast<char>(table[code_point]);
    }
    return bytes;
}

}  // namespace aircomp::inference
