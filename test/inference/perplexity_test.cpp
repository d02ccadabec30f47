// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity on models whose likelihoods are known in closed form.
#include "aircomp/inference/perplexity.hpp"

#include <algorithm>
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

const std::vector<double> uniform = {0.25, 0.25, 0.25, 0.25};
const std::vector<double> skewed = {0.5, 0.25, 0.125, 0.125};
const std::vector<Token> text = {0, 1, 2, 3, 0, 0, 1};

/// Logits where every token's row is `row`.
RowLogits repeated(const std::vector<float>& row) {
    return [row](std::int64_t, gsl::span<float> logits) {
        for (std::size_t i = 0; i < logits.size(); ++i)
            logits[i] = row[i % row.size()];
    };
}

/// A model that predicts the same distribution everywhere, its logits shifted by `shift`.
Forward constant(const std::vector<double>& probabilities, float shift = 0) {
    std::vector<float> row;
    for (const double p : probabilities)
        row.push_back(static_cast<float>(std::log(p)) + shift);
    return [row](gsl::span<const Token>) { return repeated(row); };
}

/// Uniform, and writes down what it is run on.
Forward recording(std::vector<std::vector<Token>>& inputs) {
    return [&inputs](gsl::span<const Token> tokens) {
        inputs.emplace_back(tokens.begin(), tokens.end());
        return repeated(std::vector<float>(vocabulary));
    };
}

PerplexityOptions windows_of(std::int64_t length) {
    PerplexityOptions options;
    options.window = length;
    return options;
}

TEST_CASE("a uniform model has the vocabulary's size as its perplexity") {
    const auto result =
        measure_perplexity(constant(uniform), vocabulary, text, bytes, windows_of(100));
    CHECK(result.tokens == 6);
    CHECK(result.perplexity == Approx(4).epsilon(1e-6));
    CHECK(result.bits_per_byte == Approx(2.0 * 6 / (2 + 3 + 4 + 1 + 1 + 2)).epsilon(1e-6));
    CHECK_FALSE(result.divergence);
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

TEST_CASE("windows are run as they are cut") {
    std::vector<std::vector<Token>> inputs;
    PerplexityOptions options = windows_of(3);
    options.bos = 3;
    const auto result = measure_perplexity(recording(inputs), vocabulary, text, bytes, options);
    CHECK(inputs == std::vector<std::vector<Token>>{{3, 0}, {3, 2}, {3, 0}, {3}});
    CHECK(result.tokens == 7);
    CHECK(result.windows == 4);
}

/// Position i predicts token i with all but 3e of the probability, the others with e each.
Forward positional(double e) {
    return [e](gsl::span<const Token>) {
        return [e](std::int64_t first, gsl::span<float> logits) {
            for (std::size_t i = 0; i < logits.size(); ++i) {
                const auto row = first + static_cast<std::int64_t>(i) / vocabulary;
                const bool chosen = static_cast<std::int64_t>(i) % vocabulary == row % vocabulary;
                logits[i] = static_cast<float>(std::log(chosen ? 1 - 3 * e : e));
            }
        };
    };
}

TEST_CASE("each scored token meets the logits of the position before it") {
    // Windows of 300 tokens are more than one block of logits. Token i of a window is predicted by
    // position i - 1, which this model says is i - 1.
    std::vector<Token> ordered;
    for (int i = 0; i < 900; ++i)
        ordered.push_back(static_cast<Token>((i % 300 + vocabulary - 1) % vocabulary));
    for (const Protocol protocol : {Protocol::windows, Protocol::gptq, Protocol::llama_cpp}) {
        PerplexityOptions options = windows_of(300);
        options.protocol = protocol;
        const auto result =
            measure_perplexity(positional(0.1), vocabulary, ordered, bytes, options);
        CHECK(result.perplexity == Approx(1 / 0.7).epsilon(1e-6));
        CHECK(result.tokens == (protocol == Protocol::llama_cpp ? 3 * 149 : 3 * 299));
    }
}

TEST_CASE("the result does not depend on the number of threads") {
    std::vector<Token> long_text(400);
    for (std::size_t i = 0; i < long_text.size(); ++i)
        long_text[i] = static_cast<Token>(i * i % vocabulary);
    PerplexityOptions options = windows_of(200);
    const auto measure = [&](int threads) {
        options.threads = threads;
        return measure_perplexity(positional(0.07), vocabulary, long_text, bytes, options,
                                  constant(skewed));
    };
    const auto alone = measure(1), many = measure(3);
    CHECK(alone.perplexity == many.perplexity);
    CHECK(alone.divergence.value().kl_nats == many.divergence.value().kl_nats);
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
    const auto same = compare(constant(skewed), constant(skewed, 5)).divergence.value();
    CHECK(same.top1_agreement == 1);
    CHECK(same.kl_nats == Approx(0).margin(1e-6));

    const std::vector<double> backwards = {0.125, 0.125, 0.25, 0.5};
    const auto reversed = compare(constant(backwards), constant(skewed));
    CHECK(reversed.divergence.value().top1_agreement == 0);
    // sum p log2(p / q): 0.5 * 2 + 0.25 * 1 + 0.125 * -1 + 0.125 * -2 bits
    CHECK(reversed.divergence.value().kl_nats == Approx(0.875 * std::log(2)).epsilon(1e-6));
    // The same everywhere: windows do not differ.
    CHECK(reversed.divergence.value().kl_standard_error_nats.value() == Approx(0).margin(1e-6));
    const auto plain =
        measure_perplexity(constant(backwards), vocabulary, text, bytes, windows_of(3));
    CHECK(reversed.perplexity == plain.perplexity);
}

TEST_CASE("the divergence's standard error comes from how windows differ") {
    // One window diverges by a, the next not at all: mean a / 2, standard deviation a / sqrt(2),
    // of the mean of two a / 2. Three windows of which the last is shorter are weighted by length.
    int calls = 0;
    const Forward alternating = [&calls](gsl::span<const Token> tokens) {
        return constant(++calls % 2 == 1 ? std::vector<double>{0.125, 0.125, 0.25, 0.5}
                                         : skewed)(tokens);
    };
    const double a = 0.875 * std::log(2);
    const std::vector<Token> eight(8, 1);
    const auto two =
        measure_perplexity(alternating, vocabulary, eight, bytes, windows_of(4), constant(skewed));
    CHECK(two.divergence.value().kl_nats == Approx(a / 2).epsilon(1e-6));
    CHECK(two.divergence.value().kl_standard_error_nats.value() == Approx(a / 2).epsilon(1e-6));

    calls = 0;
    const std::vector<Token> ten(10, 1);  // 3, 3 and 1 scored; a, 0 and a each
    const auto three =
        measure_perplexity(alternating, vocabulary, ten, bytes, windows_of(4), constant(skewed));
    const double mean = 4 * a / 7;
    const double squares =
        std::pow(3 * a - 3 * mean, 2) + std::pow(3 * mean, 2) + std::pow(a - mean, 2);
    CHECK(three.divergence.value().kl_nats == Approx(mean).epsilon(1e-6));
    CHECK(three.divergence.value().kl_standard_error_nats.value() ==
          Approx(std::sqrt(1.5 * squares) / 7).epsilon(1e-6));

    const auto one = measure_perplexity(constant(uniform), vocabulary, text, bytes, windows_of(8),
                                        constant(skewed));
    CHECK_FALSE(one.divergence.value().kl_standard_error_nats);
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
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
        const Forward broken = [=](gsl::span<const Token>) {
            return [=](std::int64_t, gsl::span<float> logits) {
                std::fill(logits.begin(), logits.end(), 0.0F);
                logits[vocabulary + 2] = wrong;
            };
        };
        const Forward sound = constant(uniform);
        check_error<std::domain_error>(
            [&] { measure_perplexity(broken, vocabulary, text, bytes, windows_of(8)); },
            {"token 2 at position 1"});
        check_error<std::domain_error>(
            [&] { measure_perplexity(sound, vocabulary, text, bytes, windows_of(8), broken); },
            {"token 2 at position 1"});
    }
}

TEST_CASE("the divergence of rows is the mean of theirs") {
    const float log_3 = std::log(3.0F);
    // Halves against quarter and three quarters, then twice the same.
    const std::vector<float> reference = {0, 0, 1, 2}, run = {0, log_3, 1, 2};
    const double first = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
    CHECK(mean_divergence(reference, run, 2) == Approx(first / 2));
}

}  // namespace
}  // namespace aircomp::inference
