// SPDX-License-Identifier: GPL-3.0-or-later
// From the logits of the last position to the next token.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <random>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

struct SamplingOptions {
    double temperature = 0;         ///< 0 is greedy: the largest logit, the lowest id among equals.
    std::int64_t top_k = 0;         ///< Keep the k most likely tokens; 0 keeps all.
    double top_p = 1;               ///< Keep the fewest tokens whose probabilities reach top_p.
    double repetition_penalty = 1;  ///< Divides positive and multiplies negative logits of tokens
                                    ///< already seen (arXiv 1909.05858); 1 is off.
    std::uint64_t seed = 1;
};

/// Draws tokens; the same options, logits and history give the same tokens.
class Sampler {
public:
    /// Throws std::invalid_argument for an option outside its range.
    explicit Sampler(const SamplingOptions& options);

    /// `history`: the tokens so far, for the repetition penalty. Throws std::domain_error where a
    /// logit is NaN or all are -infinity.
    Token sample(gsl::span<const float> logits, gsl::span<const Token> history);

private:
    SamplingOptions options_;
    std::mt19937_64 generator_;
    std::vector<std::int32_t> order_;
};

}  // namespace aircomp::inference
