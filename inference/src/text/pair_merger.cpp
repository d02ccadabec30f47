// SPDX-License-Identifier: GPL-3.0-or-later
// Merging with a queue of candidates: n log n in the length of the piece, however long.
#include "text/pair_merger.hpp"

namespace aircomp::inference {

void PairMerger::merge(std::vector<Token>& tokens) {
    const std::size_t end = tokens.size();
    symbols_.clear();
    for (std::size_t i = 0; i < end; ++i) {
        symbols_.push_back({tokens[i], false, i == 0 ? end : i - 1, i + 1});
    }
    for (std::size_t i = 0; i < end; ++i)
        consider(i);
    while (!candidates_.empty()) {
        const Candidate best = candidates_.top();
        candidates_.pop();
        if (is_current(best)) apply(best);
    }
    tokens.clear();
    for (std::size_t i = 0; i < end; i = symbols_[i].next)
        tokens.push_back(symbols_[i].token);
}

/// Queues symbol `left` and its right neighbour where they may merge.
void PairMerger::consider(std::size_t left) {
    const std::size_t right = symbols_[left].next;
    if (right == symbols_.size()) return;
    const Token left_token = symbols_[left].token;
    const Token right_token = symbols_[right].token;
    const auto found = merges_.find(pair_key(left_token, right_token));
    if (found != merges_.end()) {
        candidates_.push({found->second, left, left_token, right_token});
    }
}

bool PairMerger::is_current(const Candidate& candidate) const {
    const Symbol& left = symbols_[candidate.left];
    return !left.merged_away && left.token == candidate.left_token &&
           left.next != symbols_.size() && symbols_[left.next].token == candidate.right_token;
}

void PairMerger::apply(const Candidate& candidate) {
    Symbol& left = symbols_[candidate.left];
    Symbol& right = symbols_[left.next];
    left.token = candidate.merge.result;
    left.next = right.next;
    right.merged_away = true;
    if (left.next != symbols_.size()) symbols_[left.next].previous = candidate.left;
    if (left.previous != symbols_.size()) consider(left.previous);
    consider(candidate.left);
}

}  // namespace aircomp::inference
