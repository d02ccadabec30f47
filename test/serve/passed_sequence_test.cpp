// SPDX-License-Identifier: GPL-3.0-or-later
// What lost caches are built from.
#include "daemon/coordinator/passed_sequence.hpp"

#include <tuple>

#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using runtime::testbed::PassedSequence;
using Tokens = std::vector<inference::Token>;

/// Begin, tokens and whether one at a time.
using Flat = std::vector<std::tuple<std::size_t, Tokens, bool>>;

Flat missing(const PassedSequence& sequence, std::size_t held) {
    Flat flat;
    for (const auto& pass : sequence.missing(held))
        flat.emplace_back(pass.begin, Tokens(pass.tokens.begin(), pass.tokens.end()),
                          pass.one_at_a_time);
    return flat;
}

TEST_CASE("a prompt and what was made of it come again in their passes, the last alone") {
    PassedSequence sequence;
    sequence.add(0, Tokens{1, 2, 3});
    CHECK(missing(sequence, 0) == Flat{{0, {1, 2, 3}, false}});
    for (const inference::Token token : {4, 5, 6})
        sequence.add(static_cast<std::size_t>(token) - 1, Tokens{token});
    CHECK(missing(sequence, 5) == Flat{{5, {6}, true}});
    CHECK(missing(sequence, 0) == Flat{{0, {1, 2, 3}, false}, {3, {4, 5}, true}, {5, {6}, true}});
    // Of a prompt that is held in part, a rest of one token joins those behind it.
    CHECK(missing(sequence, 2) == Flat{{2, {3, 4, 5}, true}, {5, {6}, true}});
}

TEST_CASE("a text that branches off forgets what came behind") {
    PassedSequence sequence;
    sequence.add(0, Tokens{1, 2, 3, 4});
    sequence.add(4, Tokens{5});
    sequence.add(5, Tokens{6});
    sequence.add(2, Tokens{7, 8});
    CHECK(missing(sequence, 2) == Flat{{2, {7, 8}, false}});
    CHECK(missing(sequence, 0) == Flat{{0, {1, 2}, false}, {2, {7, 8}, false}});
    sequence.add(0, Tokens{9});
    CHECK(missing(sequence, 0) == Flat{{0, {9}, true}});
}

}  // namespace
}  // namespace aircomp::test
