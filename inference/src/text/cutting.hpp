// SPDX-License-Identifier: GPL-3.0-or-later
// How tokenizers cut a text into the pieces within which tokens may form: steps over pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex.hpp"

namespace aircomp::inference {

/// A part of the text.
struct Piece {
    std::string text;
    bool is_first;  ///< It begins where the text does.
};

/// Replaces pieces by what it cuts them into.
using CutStep = std::function<void(std::vector<Piece>&)>;

/// What becomes of the matches of a pattern.
enum class Delimiter { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// Cuts where `pattern` matches; `invert` takes what lies between matches for matches.
CutStep cut_by(Regex pattern, Delimiter delimiter, bool invert);

/// When a mark is put before a piece.
enum class PrependScheme { always, first, never };

/// Writes spaces as `mark`, puts one before pieces that have none there, and cuts before marks where
/// `cuts` says so.
CutStep metaspace(const std::string& mark, PrependScheme scheme, bool cuts);

/// The first half of ByteLevel: a space before pieces that have none there.
CutStep prefix_space();

/// The second half: every byte as a character of the byte-level alphabet. What follows sees those.
CutStep byte_alphabet();

/// GPT-2's pattern, which ByteLevel cuts by.
extern const std::string_view gpt2_pattern;

}  // namespace aircomp::inference
