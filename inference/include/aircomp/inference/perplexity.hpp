// SPDX-License-Identifier: GPL-3.0-or-later
// How well a model predicts a text: perplexity, bits per byte, agreement with another run
// (protocol: docs/system-model.md section 7).
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <optional>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// Logits [tokens, vocabulary_size] of a sequence that starts at position 0.
using Forward = std::function<std::vector<float>(gsl::span<const Token>)>;

struct PerplexityOptions {
    std::int64_t window = 0;        ///< Context length in tokens, >= 2, `bos` included.
    std::optional<Token> bos;       ///< Put before every window, not scored.
    std::int64_t limit_tokens = 0;  ///< Score at most so many tokens; 0 scores all.
    std::function<void(std::int64_t done, std::int64_t total)> progress;  ///< In scored tokens.
};

struct PerplexityResult {
    double perplexity = 0;     ///< exp of the mean negative log likelihood per scored token.
    double bits_per_byte = 0;  ///< Negative log2 likelihood per byte of the scored tokens' text.
    std::int64_t tokens = 0;   ///< Tokens scored.
    std::optional<double> top1_agreement;  ///< Share of positions whose best token is the
                                           ///< reference's; only with a reference.
    std::optional<double> mean_kl_nats;    ///< Mean KL divergence from the reference's
                                           ///< distribution; only with a reference.
};

/// Non-overlapping windows over `tokens`; every token is predicted from those before it in its
/// window. With `bos` a window holds window - 1 tokens of the text, all scored; without it window
/// tokens, of which the first is not scored, as nothing comes before it. The last token of a
/// window is predicted, never run. `token_bytes[i]` is the length of the text of token i of the
/// vocabulary. `reference`, where given, is run on the same windows. Throws
/// std::invalid_argument where fewer than two tokens or other than vocabulary_size lengths are
/// given, std::out_of_range for a token outside the vocabulary, std::domain_error where a logit
/// is not finite.
PerplexityResult measure_perplexity(const Forward& forward, std::int64_t vocabulary_size,
                                    gsl::span<const Token> tokens,
                                    gsl::span<const std::int64_t> token_bytes,
                                    const PerplexityOptions& options,
                                    const Forward& reference = nullptr);

}  // namespace aircomp::inference
