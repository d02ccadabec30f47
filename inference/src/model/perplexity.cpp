// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity over non-overlapping windows, in double precision from the logits on.
#include "aircomp/inference/perplexity.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

/// Tokens to run, and the tokens that their logits predict: one behind the other.
struct Window {
    std::vector<Token> input;
    gsl::span<const Token> predicted;
};

/// Sums over the tokens scored so far.
struct Sums {
    double negative_log_likelihood = 0;  // nats
    double kl = 0;                       // nats
    std::int64_t agreements = 0;
    std::int64_t tokens = 0;
    std::int64_t bytes = 0;
};

void require_valid(std::int64_t vocabulary_size, gsl::span<const Token> tokens,
                   gsl::span<const std::int64_t> token_bytes, const PerplexityOptions& options) {
    const auto require = [](bool valid, const std::string& what, std::int64_t found) {
        if (!valid) throw std::invalid_argument(what + ", found " + std::to_string(found));
    };
    require(tokens.size() >= 2, "text: expected at least two tokens",
            static_cast<std::int64_t>(tokens.size()));
    require(options.window >= 2, "window: expected at least 2 tokens", options.window);
    require(options.limit_tokens >= 0, "limit_tokens: expected 0 or a count", options.limit_tokens);
    const auto lengths = static_cast<std::int64_t>(token_bytes.size());
    require(lengths == vocabulary_size,
            "token_bytes: expected " + std::to_string(vocabulary_size) + " lengths", lengths);
    const auto require_token = [&](Token token) {
        if (token < 0 || token >= vocabulary_size) {
            throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                    std::to_string(vocabulary_size - 1));
        }
    };
    for (const Token token : tokens)
        require_token(token);
    if (options.bos) require_token(*options.bos);
}

std::vector<Window> cut_windows(gsl::span<const Token> tokens, const PerplexityOptions& options) {
    // Without BOS the first token of a window is run, but nothing predicts it.
    const auto length = static_cast<std::size_t>(options.window);
    const std::size_t unscored = options.bos ? 0 : 1;
    const std::size_t text_tokens = options.bos ? length - 1 : length;
    const std::size_t limit =
        options.limit_tokens > 0 ? static_cast<std::size_t>(options.limit_tokens) : tokens.size();
    std::vector<Window> windows;
    std::size_t scored = 0;
    for (std::size_t begin = 0; begin + unscored < tokens.size() && scored < limit;
         begin += text_tokens) {
        const std::size_t count =
            std::min({text_tokens, tokens.size() - begin, limit - scored + unscored});
        const auto text = tokens.subspan(begin, count);
        Window window{{}, text.subspan(unscored)};
        if (options.bos) window.input.push_back(*options.bos);
        window.input.insert(window.input.end(), text.begin(), text.end() - 1);
        scored += window.predicted.size();
        windows.push_back(std::move(window));
    }
    return windows;
}

std::vector<float> run(const Forward& forward, const Window& window, std::size_t vocabulary_size) {
    std::vector<float> logits = forward(window.input);
    const std::size_t expected = window.input.size() * vocabulary_size;
    if (logits.size() != expected) {
        throw std::invalid_argument("forward: expected " + std::to_string(expected) +
                                    " logits, found " + std::to_string(logits.size()));
    }
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (!std::isfinite(logits[i])) {
            throw std::domain_error("logit of token " + std::to_string(i % vocabulary_size) +
                                    " at position " + std::to_string(i / vocabulary_size) +
                                    ": expected a finite number, found " +
                                    std::to_string(logits[i]));
        }
    }
    return logits;
}

/// log(sum(exp(logits))), safe for any finite logits.
double log_sum_exp(gsl::span<const float> logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(static_cast<double>(logit) - largest);
    return largest + std::log(sum);
}

/// KL divergence of `run` from `reference`, nats: sum p (log p - log q), p the reference's.
double kl_divergence(gsl::span<const float> reference, gsl::span<const float> run) {
    const double reference_norm = log_sum_exp(reference);
    const double run_norm = log_sum_exp(run);
    double sum = 0;
    for (std::size_t i = 0; i < run.size(); ++i) {
        const double log_p = reference[i] - reference_norm;
        const double log_q = run[i] - run_norm;
        sum += std::exp(log_p) * (log_p - log_q);
    }
    return std::max(sum, 0.0);  // rounding may leave a trace below
}

std::ptrdiff_t best_token(gsl::span<const float> logits) {
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

}  // namespace

PerplexityResult measure_perplexity(const Forward& forward, std::int64_t vocabulary_size,
                                    gsl::span<const Token> tokens,
                                    gsl::span<const std::int64_t> token_bytes,
                                    const PerplexityOptions& options, const Forward& reference) {
    require_valid(vocabulary_size, tokens, token_bytes, options);
    const auto vocabulary = static_cast<std::size_t>(vocabulary_size);
    const std::vector<Window> windows = cut_windows(tokens, options);
    std::int64_t total = 0;
    for (const Window& window : windows)
        total += static_cast<std::int64_t>(window.predicted.size());

    Sums sums;
    for (const Window& window : windows) {
        const std::vector<float> logits = run(forward, window, vocabulary);
        const std::vector<float> wanted =
            reference ? run(reference, window, vocabulary) : std::vector<float>();
        for (std::size_t i = 0; i < window.predicted.size(); ++i) {
            const auto row = gsl::span<const float>(logits).subspan(i * vocabulary, vocabulary);
            const auto token = static_cast<std::size_t>(window.predicted[i]);
            sums.negative_log_likelihood += log_sum_exp(row) - row[token];
            sums.bytes += token_bytes[token];
            if (reference) {
                const auto clean =
                    gsl::span<const float>(wanted).subspan(i * vocabulary, vocabulary);
                sums.kl += kl_divergence(clean, row);
                sums.agreements += best_token(clean) == best_token(row);
            }
        }
        sums.tokens += static_cast<std::int64_t>(window.predicted.size());
        if (options.progress) options.progress(sums.tokens, total);
    }
    if (sums.bytes <= 0) throw std::invalid_argument("text: expected tokens with text, found none");

    PerplexityResult result;
    const auto count = static_cast<double>(sums.tokens);
    result.tokens = sums.tokens;
    result.perplexity = std::exp(sums.negative_log_likelihood / count);
    result.bits_per_byte =
        sums.negative_log_likelihood / std::log(2.0) / static_cast<double>(sums.bytes);
    if (reference) {
        result.top1_agreement = static_cast<double>(sums.agreements) / count;
        result.mean_kl_nats = sums.kl / count;
    }
    return result;
}

}  // namespace aircomp::inference
