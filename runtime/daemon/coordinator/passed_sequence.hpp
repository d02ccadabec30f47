// SPDX-License-Identifier: GPL-3.0-or-later
// A sequence and the passes that its tokens came in: caches that are lost are built again in the
// same passes, so that they become what they were.
#pragma once

#include <cstddef>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime::testbed {

class PassedSequence {
public:
    struct Pass {
        std::size_t begin = 0;
        gsl::span<const inference::Token> tokens = {};
        bool one_at_a_time = false;  ///< Each came in a pass of its own.

        std::size_t end() const { return begin + tokens.size(); }
    };

    /// Adds one pass of `fresh`, at least one token, behind the first `position` tokens; those
    /// behind them are forgotten.
    void add(std::size_t position, gsl::span<const inference::Token> fresh);

    /// What caches that hold the first `held` tokens, less than all, lack: the last pass alone at
    /// the end, passes of one token before it in one. Valid until the next add().
    std::vector<Pass> missing(std::size_t held) const;

private:
    std::vector<inference::Token> tokens_;
    std::vector<std::size_t> ends_;  ///< Of passes.
};

}  // namespace aircomp::runtime::testbed
