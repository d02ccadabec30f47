// SPDX-License-Identifier: GPL-3.0-or-later
// Python's functions of text: positions count code points, not bytes. All text is valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aircomp::inference::jinja {

std::u32string code_points(std::string_view text);
std::string utf8(std::u32string_view text);
std::size_t length(std::string_view text);

/// Takes characters off the ends: white space, or those of `characters` where it is not null.
std::string strip(std::string_view text, const std::string* characters, bool left, bool right);

/// At runs of white space, or at each `separator` where it is not null; at most `most` times where
/// it is not negative.
std::vector<std::string> split(std::string_view text, const std::string* separator,
                               std::int64_t most);
/// The same from the end on; `separator` is needed.
std::vector<std::string> split_from_end(std::string_view text, std::string_view separator,
                                        std::int64_t most);
/// Python's splitlines(); lines keep what ends them where `keep_ends`.
std::vector<std::string> lines(std::string_view text, bool keep_ends);

/// The first `most` of `from` become `to`, all where it is negative. `from` may be empty.
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t most);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// The first character in upper case, the others in lower case.
std::string capitalized(std::string_view text);
/// Python's str.title(): every letter that no letter precedes in upper case.
std::string titled(std::string_view text);

/// Python's repr() of a string.
std::string quoted(std::string_view text);

bool is_space(char32_t character);

}  // namespace aircomp::inference::jinja
