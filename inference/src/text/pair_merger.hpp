// SPDX-License-Identifier: GPL-3.0-or-later
// The merging of byte pair encoding, which both kinds of tokenizer end in.
#pragma once

#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// Two tokens side by side, as a key.
constexpr std::uint64_t pair_key(Token left, Token right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

/// What two neighbours become, and how early.
struct Merge {
    std::uint32_t rank;
    Token result;
};

/// Merges by pair_key().
using MergeTable = std::unordered_map<std::uint64_t, Merge>;

/// Merges neighbours, the lowest rank first and among equal ranks the leftmost, until no pair is
/// in the table. Keeps its buffers from call to call; the table must outlive it.
class PairMerger {
public:
    explicit PairMerger(const MergeTable& merges) : merges_(merges) {}

    void merge(std::vector<Token>& tokens);

private:
    /// One token so far, in a doubly linked list over the positions of the first tokens.
    struct Symbol {
        Token token;
        bool merged_away;  ///< Its left neighbour has swallowed it.
        std::size_t previous;
        std::size_t next;
    };

    /// Two neighbours that may merge; out of date once either of them has changed.
    struct Candidate {
        Merge merge;
        std::size_t left;
        Token left_token;
        Token right_token;

        bool operator<(const Candidate& other) const {  // the queue's top is the largest
            return merge.rank != other.merge.rank ? merge.rank > other.merge.rank
                                                  : left > other.left;
        }
    };

    void consider(std::size_t left);
    bool is_current(const Candidate& candidate) const;
    void apply(const Candidate& candidate);

    const MergeTable& merges_;
    std::vector<Symbol> symbols_;
    std::priority_queue<Candidate> candidates_;
};

}  // namespace aircomp::inference
