// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that text is UTF-8 before a tokenizer sees it.
#pragma once

#include <cstddef>
#include <string_view>

namespace aircomp::inference {

/// Throws std::runtime_error, with the byte offset, where `text` is not valid UTF-8: overlong
/// forms, surrogates and code points beyond U+10FFFF included.
void require_utf8(std::string_view text);

/// Bytes of the character that starts with `lead`, 1 to 4; 0 where none does.
std::size_t utf8_length(char lead);

}  // namespace aircomp::inference
