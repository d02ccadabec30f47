// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity on models whose likelihoods are known in closed form.
#include "aircomp/inference/perplexity.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "errors.hpp"
#include "support/catch.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;

constexpr std::int64_t vocabulary = 4;
const std::vector<std::int64_t> bytes = {1, 2, 3, 4};

/// A model that predicts the same distribution everywhere, its logits shifted by `shift`.
Forward constant(const std::vector<double>& probabilities, float shift = 0) {
    return [=](gsl::span<const Token> tokens) {
        std::vector<float> logits;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            for (const double p : probabilities) {
                logits.push_back(static_cast<float>(std::log(p)) + shift);
            }
        }
        return logits;
    };
}

/// Uniform, and writes down what it is run on.
Forward recording(std::vector<std::vector<Token>>& inputs) {
    return [&inputs](gsl::span<const Token> tokens) {
        inputs.emplace_back(tokens.begin(), tokens.end());
        return std::vector<float>(tokens.size() * vocabulary);
    };
}

PerplexityOptions windows_of(std::int64_t length) {
    PerplexityOptions options;
    options.window = length;
    return options;
}

const std::vector<double> uniform = {0.25, 0.25, 0.25, 0.25};
const std::vector<double> skewed = {0.5, 0.25, 0.125, 0.125};
const std::vector<Token> text = {0, 1, 2, 3, 0, 0, 1};

TEST_CASE("a uniform model has the vocabulary's size as its perplexity") {
    const auto result =
        measure_perplexity(constant(uniform), vocabulary, text, bytes, windows_of(100));
    CHECK(result.tokens == 6);
    CHECK(result.perplexity == Approx(4).epsilon(1e-6));
    CHECK(result.bits_per_byte == Approx(2.0 * 6 / (2 + 3 + 4 + 1 + 1 + 2)).epsilon(1e-6));
    CHECK_FALSE(result.top1_agreement);
    CHECK_FALSE(result.mean_kl_nats);
}

TEST_CASE("perplexity is the exponentiated mean of the scored tokens") {
    // Scored: 1, 2, 3, 0, 0, 1 with 2, 3, 3, 1, 1, 2 bits.
    const auto result =
        measure_perplexity(constant(skewed), vocabulary, text, bytes, windows_of(100));
    CHECK(result.perplexity == Approx(std::exp2(12.0 / 6)).epsilon(1e-6));
    CHECK(result.bits_per_byte == Approx(12.0 / 13).epsilon(1e-6));
}

TEST_CASE("large logits change nothing") {
    // At 1e4 a float32 logit is exact to 1e-3, which bounds the log likelihood's error.
    for (const float shift : {1e4F, -1e4F}) {
        const auto result =
            measure_perplexity(constant(skewed, shift), vocabulary, text, bytes, windows_of(100));
        CHECK(std::log(result.perplexity) == Approx(2 * std::log(2)).margin(1e-3));
    }
}

TEST_CASE("without BOS every window's first token is run and not scored") {
    std::vector<std::vector<Token>> inputs;
    const auto result =
        measure_perplexity(recording(inputs), vocabulary, text, bytes, windows_of(3));
    CHECK(inputs ==
          std::vector<std::vector<Token>>{{0, 1}, {3, 0}});  // a rest of one predicts none
    CHECK(result.tokens == 4);
}

TEST_CASE("with BOS every token of the text is scored, BOS within the window") {
    std::vector<std::vector<Token>> inputs;
    PerplexityOptions options = windows_of(3);
    options.bos = 3;
    const auto result = measure_perplexity(recording(inputs), vocabulary, text, bytes, options);
    CHECK(inputs == std::vector<std::vector<Token>>{{3, 0}, {3, 2}, {3, 0}, {3}});
    CHECK(result.tokens == 7);
}

TEST_CASE("a limit scores no more tokens and runs none beyond them") {
    std::vector<std::vector<Token>> inputs;
    PerplexityOptions options = windows_of(3);
    options.limit_tokens = 3;
    CHECK(measure_perplexity(recording(inputs), vocabulary, text, bytes, options).tokens == 3);
    CHECK(inputs == std::vector<std::vector<Token>>{{0, 1}, {3}});
}

TEST_CASE("progress counts scored tokens up to their total") {
    std::vector<std::int64_t> done;
    PerplexityOptions options = windows_of(3);
    options.progress = [&](std::int64_t now, std::int64_t total) {
        CHECK(total == 4);
        done.push_back(now);
    };
    measure_perplexity(constant(uniform), vocabulary, text, bytes, options);
    CHECK(done == std::vector<std::int64_t>{2, 4});
}

TEST_CASE("a run is compared with its reference") {
    const auto compare = [](const Forward& forward, const Forward& reference) {
        return measure_perplexity(forward, vocabulary, text, bytes, windows_of(3), reference);
    };
    const auto same = compare(constant(skewed), constant(skewed, 5));
    CHECK(same.top1_agreement == 1);
    CHECK(same.mean_kl_nats.value() == Approx(0).margin(1e-6));

    const auto reversed = compare(constant({0.125, 0.125, 0.25, 0.5}), constant(skewed));
    CHECK(reversed.top1_agreement == 0);
    // sum p log2(p / q): 0.5 * 2 + 0.25 * 1 + 0.125 * -1 + 0.125 * -2 bits
    CHECK(reversed.mean_kl_nats.value() == Approx(0.875 * std::log(2)).epsilon(1e-6));
    const auto plain = measure_perplexity(constant({0.125, 0.125, 0.25, 0.5}), vocabulary, text,
                                          bytes, windows_of(3));
    CHECK(reversed.perplexity == plain.perplexity);
}

TEST_CASE("what cannot be measured is refused") {
    const Forward model = constant(uniform);
    const auto measure = [&](const std::vector<Token>& tokens, const PerplexityOptions& options) {
        return [&model, tokens, options] {
            measure_perplexity(model, vocabulary, tokens, bytes, options);
        };
    };
    check_error<std::invalid_argument>(measure({}, windows_of(8)), {"two tokens", "found 0"});
    check_error<std::invalid_argument>(measure({1}, windows_of(8)), {"two tokens", "found 1"});
    check_error<std::invalid_argument>(measure(text, windows_of(1)), {"window", "found 1"});
    check_error<std::out_of_range>(measure({0, 4}, windows_of(8)), {"token 4", "0 to 3"});
    check_error<std::out_of_range>(measure({0, -1}, windows_of(8)), {"token -1", "0 to 3"});
    PerplexityOptions options = windows_of(8);
    options.bos = 4;
    check_error<std::out_of_range>(measure(text, options), {"token 4"});
    options.bos.reset();
    options.limit_tokens = -1;
    check_error<std::invalid_argument>(measure(text, options), {"limit_tokens", "-1"});
    const std::vector<std::int64_t> lengths = {1, 2, 3};
    check_error<std::invalid_argument>(
        [&] { measure_perplexity(model, vocabulary, text, lengths, windows_of(8)); },
        {"token_bytes", "expected 4", "found 3"});
    const std::vector<std::int64_t> silent(vocabulary);
    check_error<std::invalid_argument>(
        [&] { measure_perplexity(model, vocabulary, text, silent, windows_of(8)); },
        {"tokens with text"});
}

TEST_CASE("a logit that is not finite is an error, not a perplexity") {
    for (const float wrong :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const Forward model = [=](gsl::span<const Token> tokens) {
            std::vector<float> logits(tokens.size() * vocabulary);
            logits.at(vocabulary + 2) = wrong;
            return logits;
        };
        check_error<std::domain_error>(
            [&] { measure_perplexity(model, vocabulary, text, bytes, windows_of(8)); },
            {"token 2 at position 1"});
    }
    const Forward too_few = [](gsl::span<const Token>) { return std::vector<float>(3); };
    check_error<std::invalid_argument>(
        [&] { measure_perplexity(too_few, vocabulary, text, bytes, windows_of(8)); },
        {"forward", "expected 24", "found 3"});
}

}  // namespace
}  // namespace aircomp::inference
