// SPDX-License-Identifier: GPL-3.0-or-later
// Passes, cut and joined.
#include "daemon/coordinator/passed_sequence.hpp"

#include <algorithm>

namespace aircomp::runtime::testbed {

void PassedSequence::add(std::size_t position, gsl::span<const inference::Token> fresh) {
    tokens_.resize(position);
    while (!ends_.empty() && ends_.back() > position)
        ends_.pop_back();
    const std::size_t passed = ends_.empty() ? 0 : ends_.back();
    if (passed < position) ends_.push_back(position);
    tokens_.insert(tokens_.end(), fresh.begin(), fresh.end());
    ends_.push_back(tokens_.size());
}

std::vector<PassedSequence::Pass> PassedSequence::missing(std::size_t held) const {
    std::vector<Pass> passes;
    for (const std::size_t end : ends_) {
        if (end <= held) continue;
        const auto tokens = gsl::span<const inference::Token>(tokens_).subspan(held, end - held);
        const bool is_one = tokens.size() == 1;
        const bool joins =
            is_one && end < tokens_.size() && !passes.empty() && passes.back().one_at_a_time;
        if (joins) {
            Pass& last = passes.back();
            last.tokens =
                gsl::span<const inference::Token>(tokens_).subspan(last.begin, end - last.begin);
        } else {
            passes.push_back({held, tokens, is_one});
        }
        held = end;
    }
    return passes;
}

}  // namespace aircomp::runtime::testbed
