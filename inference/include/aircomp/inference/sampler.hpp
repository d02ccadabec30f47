// SPDX-License-Identifier: GPL-3.0-or-later
// From the logits of the last position to the next token.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

struct SamplingOptions {
    double temperature = 0;         ///< 0 is greedy: the largest logit, the lowest id among equals.
    std::int64_t top_k = 0;         ///< Keep the k most likely tokens; 0 keeps all.
    double top_p = 1;               ///< Of those, keep the fewest whose probabilities reach top_p.
    double repetition_penalty = 1;  ///< Divides positive and multiplies negative logits of tokens
                                    ///< already seen (arXiv 1909.05858); 1 is off.
    std::uint64_t seed = 1;
};

/// Draws tokens. What is drawn depends on the options, the logits and the history alone: a text
/// that is taken up again, here or by another process, goes on as it would have.
class Sampler {
public:
    /// Throws std::invalid_argument for an option outside its range.
    explicit Sampler(const SamplingOptions& options);

    /// `history`: the tokens so far, for the repetition penalty; each length of it has a draw of
    /// its own. -infinity excludes a token. Throws std::domain_error where a logit is NaN or
    /// +infinity or all are -infinity, std::out_of_range where the penalty meets a token that has
    /// no logit.
    Token sample(gsl::span<const float> logits, gsl::span<const Token> history);

private:
    void penalise(gsl::span<const Token> history);
    void weigh(double largest_logit);
    void select();
    Token draw(std::size_t place);

    SamplingOptions options_;
    // Of the call in progress; members so that their memory is kept from token to token.
    std::vector<double> logits_;
    std::vector<double> weights_;  ///< Probabilities up to a common factor.
    std::vector<Token> kept_;      ///< What top-k and top-p leave.
};

}  // namespace aircomp::inference
