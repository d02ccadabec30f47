// SPDX-License-Identifier: GPL-3.0-or-later
// Where prompts go: common beginnings, empty places, and whoever was left longest ago.
#include "serve/sequence_places.hpp"

#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using runtime::serve::SequencePlaces;
using Tokens = std::vector<inference::Token>;

std::pair<std::size_t, std::size_t> choose(const SequencePlaces& places, const Tokens& prompt) {
    const auto choice = places.choose(prompt);
    REQUIRE(choice);
    return {choice->place, choice->held};
}

/// Two places of three that have had texts.
SequencePlaces two_texts() {
    SequencePlaces places(3);
    places.take(0, 10);
    places.take(1, 10);
    places.leave(1, {1, 2, 3, 4, 5, 6});
    places.leave(0, {1, 2, 7, 8});
    return places;
}

TEST_CASE("a prompt goes on where most of it is held, but for its last token") {
    const auto places = two_texts();
    CHECK(choose(places, {1, 2, 3, 4, 5, 6, 9, 9}) == std::pair<std::size_t, std::size_t>(1, 6));
    CHECK(choose(places, {1, 2, 3, 4}) == std::pair<std::size_t, std::size_t>(1, 3));
    CHECK(choose(places, {1, 2, 7, 8}) == std::pair<std::size_t, std::size_t>(0, 3));
}

TEST_CASE("a prompt that shares only its first words with a longer text takes another place") {
    auto places = two_texts();
    CHECK(choose(places, {1, 9, 9}) == std::pair<std::size_t, std::size_t>(2, 0));
    // All of it is held: a text made again.
    CHECK(choose(places, {1, 9}) == std::pair<std::size_t, std::size_t>(0, 1));
    places.take(2, 3);
    // No place is empty: who was left longest ago goes, its beginning stays.
    CHECK(choose(places, {1, 9, 9}) == std::pair<std::size_t, std::size_t>(1, 1));
    places.take(1, 3);
    places.take(0, 3);
    CHECK_FALSE(places.choose(Tokens{1, 9, 9}));
}

TEST_CASE("a place keeps the room that it has grown to until it is cleared") {
    auto places = two_texts();
    CHECK(places.tokens_with(2, 5) == 6 + 4 + 5);
    CHECK(places.tokens_with(1, 3) == 6 + 4);
    places.take(1, 3);
    places.leave(1, {1});
    CHECK(places.tokens_with(2, 5) == 6 + 4 + 5);
    places.take(0, 20);
    CHECK(places.tokens_with(2, 5) == 6 + 20 + 5);
    // Who is being made is not to be forgotten.
    CHECK(places.oldest(2) == 1U);
    CHECK_FALSE(places.oldest(1));
    places.clear(1);
    CHECK_FALSE(places.oldest(2));
    CHECK(places.tokens_with(2, 5) == 20 + 5);
}

TEST_CASE("of two places, the one that was left first is the oldest") {
    const auto places = two_texts();
    CHECK(places.oldest(2) == 1U);
    CHECK(places.oldest(1) == 0U);
}

}  // namespace
}  // namespace aircomp::test
