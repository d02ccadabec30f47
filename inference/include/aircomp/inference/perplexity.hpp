// SPDX-License-Identifier: GPL-3.0-or-later
// How well a model predicts a text: perplexity, bits per byte, and how far its distributions are
// from those of another run (docs/perplexity.md).
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <optional>

#include "aircomp/inference/text_windows.hpp"

namespace aircomp::inference {

/// Logits of tokens `first`, `first` + 1, ... of a sequence that has been run, as many as `logits`
/// [tokens, vocabulary_size] holds.
using RowLogits = std::function<void(std::int64_t first, gsl::span<float> logits)>;

/// Runs a sequence that starts at position 0. Its logits are asked for a part at a time, as those of
/// a long window would fill memory, and those of tokens that are not scored would be for nothing.
using Forward = std::function<RowLogits(gsl::span<const Token>)>;

struct PerplexityOptions : CutOptions {
    int threads = 1;  ///< For the logits' sums, >= 1.
    std::function<void(std::int64_t done, std::int64_t total)> progress;  ///< In scored tokens.
};

/// How far a run's distributions are from a reference's.
struct Divergence {
    double kl_nats = 0;  ///< Mean over the scored tokens of sum p log(p / q), p the reference's.
    /// Of that mean, from how windows differ; nothing where there is one window.
    std::optional<double> kl_standard_error_nats;
    double top1_agreement =
        0;  ///< Share of the tokens whose likeliest next one is the reference's.
};

/// Mean over rows of sum p log(p / q), nats, where p and q are softmax of `reference` and `run`: logits
/// [rows, vocabulary_size], finite and of one size.
double mean_divergence(gsl::span<const float> reference, gsl::span<const float> run,
                       std::int64_t vocabulary_size);

struct PerplexityResult {
    double perplexity = 0;     ///< exp of the mean negative log likelihood per scored token.
    double bits_per_byte = 0;  ///< Negative log2 likelihood per byte of the scored tokens' text.
    std::int64_t tokens = 0;   ///< Tokens scored.
    std::int64_t windows = 0;  ///< Of how many windows.
    std::optional<Divergence> divergence;  ///< Only with a reference.
};

/// Scores a text window by window as cut_windows() cuts it. `token_bytes[i]` is the length of the
/// text of token i of the vocabulary. `reference`, where given, is run on the same windows. The
/// result does not depend on the number of threads. Throws as cut_windows() does,
/// std::invalid_argument where other than vocabulary_size lengths are given, std::out_of_range for a
/// token outside the vocabulary, std::domain_error where a logit is not finite.
PerplexityResult measure_perplexity(const Forward& forward, std::int64_t vocabulary_size,
                                    gsl::span<const Token> tokens,
                                    gsl::span<const std::int64_t> token_bytes,
                                    const PerplexityOptions& options,
                                    const Forward& reference = nullptr);

}  // namespace aircomp::inference
