// SPDX-License-Identifier: GPL-3.0-or-later
// Common beginnings, and who was left longest ago.
#include "serve/sequence_places.hpp"

#include <algorithm>
#include <utility>

namespace aircomp::runtime::serve {
namespace {

/// How many of the prompt's first tokens are held. The first logits come from at least one token.
std::size_t common(gsl::span<const inference::Token> prompt,
                   const std::vector<inference::Token>& held) {
    const auto most = static_cast<std::ptrdiff_t>(std::min(held.size(), prompt.size() - 1));
    const auto end = std::mismatch(held.begin(), held.begin() + most, prompt.begin()).first;
    return static_cast<std::size_t>(end - held.begin());
}

}  // namespace

std::optional<SequencePlaces::Choice> SequencePlaces::choose(
    gsl::span<const inference::Token> prompt) const {
    std::optional<Choice> going_on, oldest;
    for (std::size_t place = 0; place < places_.size(); ++place) {
        if (places_[place].is_taken) continue;
        const auto& held = places_[place].held;
        const Choice choice = {place, common(prompt, held)};
        // Another conversation with the same first words does not cost this one its place.
        const bool goes_on =
            choice.held > 0 && (choice.held + 1 == prompt.size() || 2 * choice.held >= held.size());
        if (goes_on && (!going_on || choice.held > going_on->held)) going_on = choice;
        if (!oldest || places_[place].left < places_[oldest->place].left) oldest = choice;
    }
    return going_on ? going_on : oldest;
}

void SequencePlaces::take(std::size_t place, std::int64_t most_tokens) {
    Place& taken = places_.at(place);
    taken.is_taken = true;
    taken.held.clear();  // Not known while a pass may throw.
    taken.expected = most_tokens;
}

void SequencePlaces::leave(std::size_t place, std::vector<inference::Token> held) {
    Place& one = places_.at(place);
    one.is_taken = false;
    one.expected = 0;
    one.grown = std::max(one.grown, static_cast<std::int64_t>(held.size()));
    one.held = std::move(held);
    one.left = ++leaves_;
}

std::optional<std::size_t> SequencePlaces::oldest(std::size_t kept) const {
    std::optional<std::size_t> found;
    for (std::size_t place = 0; place < places_.size(); ++place) {
        if (place == kept || places_[place].is_taken || places_[place].grown == 0) continue;
        if (!found || places_[place].left < places_[*found].left) found = place;
    }
    return found;
}

std::int64_t SequencePlaces::tokens_with(std::size_t place, std::int64_t most_tokens) const {
    std::int64_t tokens = 0;
    for (std::size_t other = 0; other < places_.size(); ++other) {
        const Place& one = places_[other];
        tokens += std::max(one.grown, other == place ? most_tokens : one.expected);
    }
    return tokens;
}

}  // namespace aircomp::runtime::serve
