// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of windows, in double precision from the logits on.
#include "aircomp/inference/perplexity.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "weights/row_math.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

/// Tokens whose logits are in memory at a time: enough for a product with the output head at full
/// speed, few enough that a large vocabulary's stay near the cache.
constexpr std::int64_t block_tokens = 128;

/// Of one scored token.
struct Score {
    double negative_log_likelihood = 0;  // nats
    double kl = 0;                       // nats
    bool agrees = false;
    bool finite = true;
};

/// Sums over the scored tokens of a window.
struct Sums {
    double negative_log_likelihood = 0;  // nats
    double kl = 0;                       // nats
    std::int64_t agreements = 0;
    std::int64_t tokens = 0;
    std::int64_t bytes = 0;

    Sums& operator+=(const Sums& more) {
        negative_log_likelihood += more.negative_log_likelihood;
        kl += more.kl;
        agreements += more.agreements;
        tokens += more.tokens;
        bytes += more.bytes;
        return *this;
    }
};

void require_valid(std::int64_t vocabulary_size, gsl::span<const Token> tokens,
                   gsl::span<const std::int64_t> token_bytes, const PerplexityOptions& options) {
    if (static_cast<std::int64_t>(token_bytes.size()) != vocabulary_size) {
        throw std::invalid_argument("token_bytes: expected " + std::to_string(vocabulary_size) +
                                    " lengths, found " + std::to_string(token_bytes.size()));
    }
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

/// Says which of the logits, whose first row is that of `position`, is not finite.
[[noreturn]] void refuse(gsl::span<const float> logits, std::size_t vocabulary,
                         std::int64_t position) {
    const auto wrong = std::find_if(logits.begin(), logits.end(),
                                    [](float logit) { return !std::isfinite(logit); });
    const auto index = static_cast<std::size_t>(wrong - logits.begin());
    throw std::domain_error(
        "logit of token " + std::to_string(index % vocabulary) + " at position " +
        std::to_string(position + static_cast<std::int64_t>(index / vocabulary)) +
        ": expected a finite number, found " + std::to_string(*wrong));
}

/// Scores windows with one set of buffers.
class Scorer {
public:
    Scorer(std::int64_t vocabulary_size, int threads)
        : vocabulary_(static_cast<std::size_t>(vocabulary_size)), threads_(threads) {}

    Sums score(const ScoredWindow& window, const Forward& forward, const Forward& reference) {
        const RowLogits run = forward(window.input);
        const RowLogits clean = reference ? reference(window.input) : RowLogits();
        Sums sums;
        const auto count = static_cast<std::int64_t>(window.predicted.size());
        for (std::int64_t begin = 0; begin < count; begin += block_tokens) {
            const auto size = static_cast<std::size_t>(std::min(block_tokens, count - begin));
            const auto predicted = gsl::span<const Token>(window.predicted)
                                       .subspan(static_cast<std::size_t>(begin), size);
            const auto row = window.first + begin;
            run_.resize(size * vocabulary_);
            run(row, run_);
            clean_.resize(clean ? run_.size() : 0);
            if (clean) clean(row, clean_);
            sums += score_block(predicted, row);
        }
        return sums;
    }

private:
    Sums score_block(gsl::span<const Token> predicted, std::int64_t position) {
        scores_.resize(predicted.size());
        const auto score_rows = [&](std::int64_t begin, std::int64_t end) {
            for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                scores_[i] = score_row(i, static_cast<std::size_t>(predicted[i]));
        };
        threads_.for_each_piece(static_cast<std::int64_t>(predicted.size()), 1, score_rows);
        Sums sums;
        for (const Score& score : scores_) {
            if (!score.finite) {
                if (!all_finite(run_)) refuse(run_, vocabulary_, position);
                refuse(clean_, vocabulary_, position);
            }
            sums.negative_log_likelihood += score.negative_log_likelihood;
            sums.kl += score.kl;
            sums.agreements += score.agrees ? 1 : 0;
        }
        sums.tokens = static_cast<std::int64_t>(predicted.size());
        return sums;
    }

    Score score_row(std::size_t i, std::size_t token) const {
        const auto row = gsl::span<const float>(run_).subspan(i * vocabulary_, vocabulary_);
        Score score;
        score.finite = all_finite(row);
        if (!score.finite) return score;
        const double norm = log_sum_exp(row);
        score.negative_log_likelihood = norm - static_cast<double>(row[token]);
        if (clean_.empty()) return score;
        const auto clean = gsl::span<const float>(clean_).subspan(i * vocabulary_, vocabulary_);
        score.finite = all_finite(clean);
        if (!score.finite) return score;
        score.kl = std::max(0.0, mean_log_ratio(clean, row, norm));
        score.agrees = index_of_largest(clean) == index_of_largest(row);
        return score;
    }

    std::size_t vocabulary_;
    ThreadPool threads_;
    std::vector<float> run_, clean_;  // [tokens of a block, vocabulary]
    std::vector<Score> scores_;
};

/// Of the mean over all tokens, where each window is one draw of (its tokens, their sum).
std::optional<double> standard_error(const std::vector<Sums>& windows, double mean,
                                     std::int64_t tokens) {
    if (windows.size() < 2) return {};
    double squares = 0;
    for (const Sums& window : windows) {
        const double off = window.kl - mean * static_cast<double>(window.tokens);
        squares += off * off;
    }
    const auto count = static_cast<double>(windows.size());
    return std::sqrt(count / (count - 1) * squares) / static_cast<double>(tokens);
}

}  // namespace

double mean_divergence(gsl::span<const float> reference, gsl::span<const float> run,
                       std::int64_t vocabulary_size) {
    const auto vocabulary = static_cast<std::size_t>(vocabulary_size);
    const std::size_t rows = run.size() / vocabulary;
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        const auto row = run.subspan(r * vocabulary, vocabulary);
        sum += mean_log_ratio(reference.subspan(r * vocabulary, vocabulary), row, log_sum_exp(row));
    }
    return sum / static_cast<double>(rows);
}

PerplexityResult measure_perplexity(const Forward& forward, std::int64_t vocabulary_size,
                                    gsl::span<const Token> tokens,
                                    gsl::span<const std::int64_t> token_bytes,
                                    const PerplexityOptions& options, const Forward& reference) {
    require_valid(vocabulary_size, tokens, token_bytes, options);
    const std::vector<ScoredWindow> windows = cut_windows(tokens, options);
    std::int64_t scored = 0;
    for (const ScoredWindow& window : windows)
        scored += static_cast<std::int64_t>(window.predicted.size());

    Scorer scorer(vocabulary_size, options.threads);
    std::vector<Sums> by_window;
    Sums total;
    for (const ScoredWindow& window : windows) {
        by_window.push_back(scorer.score(window, forward, reference));
        for (const Token token : window.predicted)
            by_window.back().bytes += token_bytes[static_cast<std::size_t>(token)];
        total += by_window.back();
        if (options.progress) options.progress(total.tokens, scored);
    }
    if (total.bytes <= 0)
        throw std::invalid_argument("text: expected tokens with text, found none");

    PerplexityResult result;
    const auto count = static_cast<double>(total.tokens);
    result.tokens = total.tokens;
    result.windows = static_cast<std::int64_t>(windows.size());
    result.perplexity = std::exp(total.negative_log_likelihood / count);
    result.bits_per_byte =
        total.negative_log_likelihood / std::log(2.0) / static_cast<double>(total.bytes);
    if (!reference) return result;
    const double kl = total.kl / count;
    result.divergence = Divergence{kl, standard_error(by_window, kl, total.tokens),
                                   static_cast<double>(total.agreements) / count};
    return result;
}

}  // namespace aircomp::inference
