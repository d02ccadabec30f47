// SPDX-License-Identifier: GPL-3.0-or-later
// Token after token: a prompt and what a model makes of it, whatever carries the model's sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <gsl/span>
#include <stdexcept>
#include <vector>

#include "aircomp/inference/sampler.hpp"

namespace aircomp::inference {

/// Logits [vocabulary] after the last of `fresh`, which stand at `position`, `position` + 1, ...
using NextLogits =
    std::function<std::vector<float>(gsl::span<const Token> fresh, std::int64_t position)>;

/// Tokens that come next in one of several sequences.
struct FreshTokens {
    std::size_t sequence = 0;
    std::int64_t position = 0;  ///< Of the first; those before it were given earlier.
    gsl::span<const Token> tokens;
    bool wants_logits = true;  ///< Behind the last of them.
};

/// What next_logits may throw where it was told to end before its time; what the caches hold is not
/// known then.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("the pass was interrupted") {}
};

struct ContinuationOptions {
    std::int64_t tokens = 64;             ///< To make at most.
    std::vector<Token> stop_tokens;       ///< End the text and are not part of it.
    std::int64_t sampled_vocabulary = 0;  ///< Ids below it may be drawn; padding lies beyond.
    /// So many of the prompt's first tokens were given to next_logits before, less than all.
    std::size_t held = 0;
    /// Asked before a token is drawn, if there; true ends the text.
    std::function<bool()> interrupted;
};

/// Continues `prompt`; `emit` sees each new token. Returns prompt and continuation.
std::vector<Token> continue_text(const NextLogits& next_logits, Sampler& sampler,
                                 std::vector<Token> prompt, const ContinuationOptions& options,
                                 const std::function<void(Token)>& emit);

}  // namespace aircomp::inference
