// SPDX-License-Identifier: GPL-3.0-or-later
// Cutting by patterns, at spaces and into bytes, as Hugging Face's tokenizers do it.
#include "text/cutting.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text/byte_alphabet.hpp"

namespace aircomp::inference {

const std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

/// A stretch of a text, in bytes.
struct Stretch {
    std::size_t begin, end;
    bool is_match;
};

/// Matches and what lies between them; stretches may be empty.
std::vector<Stretch> stretches_of(const Regex& pattern, std::string_view text, bool invert) {
    std::vector<Stretch> stretches;
    std::size_t done = 0;
    pattern.for_each_match(text, [&](std::size_t begin, std::size_t end) {
        if (begin != done) stretches.push_back({done, begin, invert});
        stretches.push_back({begin, end, !invert});
        done = end;
    });
    if (done != text.size()) stretches.push_back({done, text.size(), invert});
    return stretches;
}

std::vector<Stretch> without_matches(const std::vector<Stretch>& stretches) {
    std::vector<Stretch> kept;
    for (const Stretch& stretch : stretches)
        if (!stretch.is_match) kept.push_back(stretch);
    return kept;
}

std::vector<Stretch> contiguous(const std::vector<Stretch>& stretches) {
    std::vector<Stretch> joined;
    for (const Stretch& stretch : stretches) {
        if (!joined.empty() && joined.back().is_match == stretch.is_match) {
            joined.back().end = stretch.end;
        } else {
            joined.push_back(stretch);
        }
    }
    return joined;
}

/// A match goes to the stretch before it, unless that one is a match too.
std::vector<Stretch> merged_with_previous(const std::vector<Stretch>& stretches) {
    std::vector<Stretch> joined;
    bool after_match = false;
    for (const Stretch& stretch : stretches) {
        if (stretch.is_match && !after_match && !joined.empty()) {
            joined.back().end = stretch.end;
        } else {
            joined.push_back(stretch);
        }
        after_match = stretch.is_match;
    }
    return joined;
}

/// The same from the other end.
std::vector<Stretch> merged_with_next(const std::vector<Stretch>& stretches) {
    std::vector<Stretch> joined;
    bool before_match = false;
    for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
        if (stretch->is_match && !before_match && !joined.empty()) {
            joined.back().begin = stretch->begin;
        } else {
            joined.push_back(*stretch);
        }
        before_match = stretch->is_match;
    }
    std::reverse(joined.begin(), joined.end());
    return joined;
}

std::vector<Stretch> arranged(std::vector<Stretch> stretches, Delimiter delimiter) {
    switch (delimiter) {
        case Delimiter::removed:
            return without_matches(stretches);
        case Delimiter::contiguous:
            return contiguous(stretches);
        case Delimiter::merged_with_previous:
            return merged_with_previous(stretches);
        case Delimiter::merged_with_next:
            return merged_with_next(stretches);
        case Delimiter::isolated:
            break;
    }
    return stretches;
}

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

/// `change` to the text of every piece.
template <typename Change>
CutStep to_each(Change&& change) {
    return [change](std::vector<Piece>& pieces) {
        for (Piece& piece : pieces)
            change(piece);
    };
}

}  // namespace

CutStep cut_by(Regex pattern, Delimiter delimiter, bool invert) {
    return [pattern = std::move(pattern), delimiter, invert](std::vector<Piece>& pieces) {
        std::vector<Piece> cut;
        cut.reserve(pieces.size());
        for (const Piece& piece : pieces) {
            const auto stretches = stretches_of(pattern, piece.text, invert);
            for (const auto& [begin, end, is_match] : arranged(stretches, delimiter)) {
                if (begin == end) continue;
                cut.push_back(
                    {piece.text.substr(begin, end - begin), piece.is_first && begin == 0});
            }
        }
        pieces = std::move(cut);
    };
}

CutStep metaspace(const std::string& mark, PrependScheme scheme, bool cuts) {
    const auto cut = cut_by(Regex::literal(mark), Delimiter::merged_with_next, false);
    return [=](std::vector<Piece>& pieces) {
        for (Piece& piece : pieces) {
            std::string marked;
            for (const char c : piece.text) {
                if (c == ' ') {
                    marked += mark;
                } else {
                    marked += c;
                }
            }
            const bool wants = scheme == PrependScheme::always ||
                               (scheme == PrependScheme::first && piece.is_first);
            piece.text = wants && !starts_with(marked, mark) ? mark + marked : marked;
        }
        if (cuts) cut(pieces);
    };
}

CutStep prefix_space() {
    return to_each([](Piece& piece) {
        if (!starts_with(piece.text, " ")) piece.text.insert(0, " ");
    });
}

CutStep byte_alphabet() {
    return to_each([](Piece& piece) { piece.text = in_byte_alphabet(piece.text); });
}

}  // namespace aircomp::inference
