// SPDX-License-Identifier: GPL-3.0-or-later
// Text as UTF-8: whether it is, its characters, and what of it is white space or a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// Throws std::runtime_error, with the byte offset, where `text` is not valid UTF-8: overlong
/// forms, surrogates and code points beyond U+10FFFF included.
void require_utf8(std::string_view text);

/// Bytes of the character that starts with `lead`, 1 to 4; 0 where none does.
std::size_t utf8_length(char lead);

/// The character at `at`, which is moved behind it. `text` is valid UTF-8, `at` a character's begin.
std::uint32_t next_code_point(std::string_view text, std::size_t& at);

void append_utf8(std::string& text, std::uint32_t code_point);

/// Bytes of Unicode's white space at an end of `text`, which is valid UTF-8.
std::size_t white_space_at_start(std::string_view text);
std::size_t white_space_at_end(std::string_view text);

/// Whether `text` (valid UTF-8) starts or ends with a character of a word: letters, marks, decimal
/// digits, connectors and joiners.
bool starts_with_word(std::string_view text);
bool ends_with_word(std::string_view text);

}  // namespace aircomp::inference
