// SPDX-License-Identifier: GPL-3.0-or-later
// What the caches hold: a bounded number of sequences, whose beginnings other prompts may share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <optional>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime::serve {

class SequencePlaces {
public:
    explicit SequencePlaces(std::size_t count) : places_(count) {}

    struct Choice {
        std::size_t place = 0;
        std::size_t held = 0;  ///< Of the prompt's first tokens; all but the last at most.
    };
    /// Where a prompt goes: a place that has all of it but its last token, or of whose tokens it
    /// begins with half or more, the one with most of it; or else an empty place; or else the one that
    /// was left longest ago. Nothing where no place is free.
    std::optional<Choice> choose(gsl::span<const inference::Token> prompt) const;

    /// A text is made at a place from now on, whose sequence will have at most so many tokens.
    void take(std::size_t place, std::int64_t most_tokens);
    /// It is over, and the place has these.
    void leave(std::size_t place, std::vector<inference::Token> held);
    /// The place has nothing any more.
    void clear(std::size_t place) { places_.at(place) = {}; }

    /// The free place with tokens that was left longest ago, but for `kept`; nothing where there is none.
    std::optional<std::size_t> oldest(std::size_t kept) const;

    /// Tokens that the caches of all places hold or will hold, where `place` will hold so many.
    std::int64_t tokens_with(std::size_t place, std::int64_t most_tokens) const;

private:
    struct Place {
        bool is_taken = false;
        std::vector<inference::Token> held;
        std::int64_t expected = 0;  ///< Tokens of the text that is made.
        std::int64_t grown = 0;     ///< Tokens: caches keep the size that they have grown to.
        std::uint64_t left = 0;     ///< Larger than those of places that were left before.
    };
    std::vector<Place> places_;
    std::uint64_t leaves_ = 0;
};

}  // namespace aircomp::runtime::serve
