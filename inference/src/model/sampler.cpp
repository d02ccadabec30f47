// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses the next token: penalty, temperature, top-k and top-p in the order of Hugging Face's.
#include "aircomp/inference/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_set>

namespace aircomp::inference {

namespace {

void require(bool valid, const std::string& option, const char* expected, double found) {
    if (!valid) {
        throw std::invalid_argument(option + ": expected " + expected + ", found " +
                                    std::to_string(found));
    }
}

/// NaN compares with nothing, and one that is +infinity leaves no probability to compare.
void require_usable(const std::vector<double>& logits) {
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (!(logits[i] < std::numeric_limits<double>::infinity())) {
            throw std::domain_error("logit of token " + std::to_string(i) +
                                    ": expected a finite number or -infinity, found " +
                                    std::to_string(logits[i]));
        }
    }
}

/// From 0 to 1, of a generator for this place in the text alone. The standard's own distributions
/// differ between libraries; 53 bits of its generators do not.
double uniform(std::uint64_t seed, std::size_t place) {
    const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
    std::seed_seq words = {low(seed), low(seed >> 32), low(place),
                           low(static_cast<std::uint64_t>(place) >> 32)};
    std::mt19937_64 generator(words);
    return static_cast<double>(generator() >> 11) * 0x1p-53;
}

}  // namespace

Sampler::Sampler(const SamplingOptions& options) : options_(options) {
    const double infinity = std::numeric_limits<double>::infinity();
    require(options.temperature >= 0 && options.temperature < infinity, "temperature",
            "a number of at least 0", options.temperature);
    require(options.top_k >= 0, "top_k", "0 or a count", static_cast<double>(options.top_k));
    require(options.top_p > 0 && options.top_p <= 1, "top_p", "a number above 0, at most 1",
            options.top_p);
    require(options.repetition_penalty > 0 && options.repetition_penalty < infinity,
            "repetition_penalty", "a number above 0", options.repetition_penalty);
}

Token Sampler::sample(gsl::span<const float> logits, gsl::span<const Token> history) {
    if (logits.empty()) throw std::invalid_argument("logits: expected at least one, found none");
    logits_.assign(logits.begin(), logits.end());
    require_usable(logits_);
    penalise(history);
    const auto best = std::max_element(logits_.begin(), logits_.end());
    if (*best == -std::numeric_limits<double>::infinity()) {
        throw std::domain_error("logits: expected one above -infinity, found none");
    }
    if (options_.temperature == 0) return static_cast<Token>(best - logits_.begin());
    weigh(*best);
    select();
    return draw(history.size());
}

void Sampler::penalise(gsl::span<const Token> history) {
    if (options_.repetition_penalty == 1) return;
    const std::unordered_set<Token> seen(history.begin(), history.end());
    for (const Token token : seen) {
        if (token < 0 || static_cast<std::size_t>(token) >= logits_.size()) {
            throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                    std::to_string(logits_.size() - 1));
        }
        double& logit = logits_[static_cast<std::size_t>(token)];
        logit =
            logit > 0 ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
    }
}

void Sampler::weigh(double largest_logit) {
    weights_.resize(logits_.size());
    std::transform(logits_.begin(), logits_.end(), weights_.begin(), [&](double logit) {
        return std::exp((logit - largest_logit) / options_.temperature);
    });
}

void Sampler::select() {
    kept_.resize(weights_.size());
    std::iota(kept_.begin(), kept_.end(), Token{0});
    const auto weight = [&](Token token) { return weights_[static_cast<std::size_t>(token)]; };
    const auto likelier = [&](Token a, Token b) {
        return weight(a) > weight(b) || (weight(a) == weight(b) && a < b);
    };
    if (options_.top_k > 0 && static_cast<std::size_t>(options_.top_k) < kept_.size()) {
        std::nth_element(kept_.begin(), kept_.begin() + options_.top_k, kept_.end(), likelier);
        kept_.resize(static_cast<std::size_t>(options_.top_k));
    }
    if (options_.top_p < 1) {
        std::sort(kept_.begin(), kept_.end(), likelier);
        double total = 0;
        for (const Token token : kept_)
            total += weight(token);
        double reached = 0;
        std::size_t count = 0;
        while (count < kept_.size() && reached < options_.top_p * total) {
            reached += weight(kept_[count++]);
        }
        kept_.resize(count);
    }
    // In a fixed order, whatever order the library's selection leaves.
    std::sort(kept_.begin(), kept_.end());
}

Token Sampler::draw(std::size_t place) {
    double total = 0;
    for (const Token token : kept_)
        total += weights_[static_cast<std::size_t>(token)];
    double left = uniform(options_.seed, place) * total;
    Token last_possible = kept_.front();
    for (const Token token : kept_) {
        const double weight = weights_[static_cast<std::size_t>(token)];
        if (weight == 0) continue;
        last_possible = token;
        if (left < weight) break;
        left -= weight;
    }
    return last_possible;  // also where rounding leaves a rest after the last
}

}  // namespace aircomp::inference
