// SPDX-License-Identifier: GPL-3.0-or-later
// The alphabet in which byte-level vocabularies are written: one printable character per byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// The bytes that `text`, written in GPT-2's byte alphabet, stands for; nothing where it has a
/// character that is not in the alphabet.
std::optional<std::string> bytes_from_alphabet(std::string_view text);

/// `bytes` written in that alphabet.
std::string in_byte_alphabet(std::string_view bytes);

}  // namespace aircomp::inference
