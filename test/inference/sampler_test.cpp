// SPDX-License-Identifier: GPL-3.0-or-later
// Sampling: what each option keeps, how often it is drawn, and what is refused.
#include "aircomp/inference/sampler.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "errors.hpp"
#include "support/catch.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> logits_of(const std::vector<double>& probabilities) {
    std::vector<float> logits;
    for (const double p : probabilities)
        logits.push_back(static_cast<float>(std::log(p)));
    return logits;
}

SamplingOptions at_temperature(double temperature) {
    SamplingOptions options;
    options.temperature = temperature;
    return options;
}

std::vector<double> frequencies(const SamplingOptions& options, const std::vector<float>& logits) {
    constexpr std::size_t draws = 20000;
    Sampler sampler(options);
    const std::vector<Token> history(draws, 0);
    std::vector<double> counts(logits.size());
    for (std::size_t i = 0; i < draws; ++i) {
        const auto so_far = gsl::span<const Token>(history).first(i);
        counts[static_cast<std::size_t>(sampler.sample(logits, so_far))] += 1.0 / draws;
    }
    return counts;
}

/// Five standard errors of a share of 20,000 draws are at most 5 * 0.5 / sqrt(20,000).
void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CAPTURE(i);
        if (expected[i] == 0) {
            CHECK(found[i] == 0);
        } else {
            CHECK(found[i] == Approx(expected[i]).margin(0.0177));
        }
    }
}

TEST_CASE("greedy takes the largest logit, the lowest id among equals") {
    Sampler sampler(at_temperature(0));
    CHECK(sampler.sample(std::vector<float>{1, 3, 2, 3}, {}) == 1);
    CHECK(sampler.sample(std::vector<float>{-infinity, -5}, {}) == 1);
    CHECK(sampler.sample(std::vector<float>{0}, {}) == 0);
}

TEST_CASE("tokens are drawn as often as they are likely") {
    const auto logits = logits_of({0.5, 0.3, 0.2});
    check_close(frequencies(at_temperature(1), logits), {0.5, 0.3, 0.2});
    // Temperature 1/2 squares the probabilities: 25, 9 and 4 parts of 38.
    check_close(frequencies(at_temperature(0.5), logits), {25.0 / 38, 9.0 / 38, 4.0 / 38});
}

TEST_CASE("top-k keeps the k most likely") {
    SamplingOptions options = at_temperature(1);
    options.top_k = 2;
    check_close(frequencies(options, logits_of({0.2, 0.5, 0.3})), {0, 0.625, 0.375});
    options.top_k = 1;
    check_close(frequencies(options, logits_of({0.4, 0.4, 0.2})), {1, 0, 0});
    options.top_k = 100;
    check_close(frequencies(options, logits_of({0.5, 0.5})), {0.5, 0.5});
}

TEST_CASE("top-p keeps the fewest that reach p, of what top-k leaves") {
    SamplingOptions options = at_temperature(1);
    options.top_p = 0.6;
    check_close(frequencies(options, logits_of({0.2, 0.5, 0.3})), {0, 0.625, 0.375});
    options.top_p = 1e-9;
    check_close(frequencies(options, logits_of({0.2, 0.5, 0.3})), {0, 1, 0});
    options.top_k = 2;  // leaves 5/8 and 3/8: the first alone reaches 0.6
    options.top_p = 0.6;
    check_close(frequencies(options, logits_of({0.2, 0.5, 0.3})), {0, 1, 0});
}

TEST_CASE("a token of logit -infinity is never drawn") {
    check_close(frequencies(at_temperature(1), {-infinity, 0, -infinity, 0}), {0, 0.5, 0, 0.5});
}

TEST_CASE("any finite temperature gives a token") {
    for (const double temperature : {1e-300, 1e-3, 1e300}) {
        Sampler sampler(at_temperature(temperature));
        const Token token = sampler.sample(std::vector<float>{-3e38F, 3e38F, 0}, {});
        CHECK(token >= 0);
        CHECK(token < 3);
    }
}

TEST_CASE("the repetition penalty divides positive and multiplies negative logits, once a token") {
    SamplingOptions options;
    options.repetition_penalty = 2;
    Sampler sampler(options);
    const std::vector<Token> history = {0, 0, 0};
    CHECK(sampler.sample(std::vector<float>{4, 1.9F}, history) == 0);  // 4 / 2 once, not 4 / 8
    CHECK(sampler.sample(std::vector<float>{4, 2.1F}, history) == 1);
    CHECK(sampler.sample(std::vector<float>{-1, -1.9F}, history) == 1);
    CHECK(sampler.sample(std::vector<float>{-1, -2.1F}, history) == 0);
}

TEST_CASE("the seed alone decides what is drawn") {
    const std::vector<float> logits(100);
    const auto draw = [&](std::uint64_t seed) {
        SamplingOptions options = at_temperature(1);
        options.seed = seed;
        Sampler sampler(options);
        std::vector<Token> tokens;
        for (int i = 0; i < 20; ++i)
            tokens.push_back(sampler.sample(logits, tokens));
        return tokens;
    };
    CHECK(draw(1) == draw(1));
    CHECK(draw(1) != draw(2));
    CHECK(draw(1) != draw(1 + (std::uint64_t{1} << 32)));
}

TEST_CASE("a text that is taken up again goes on as it would have") {
    const std::vector<float> logits(100);
    Sampler first(at_temperature(1));
    std::vector<Token> tokens;
    for (int i = 0; i < 20; ++i)
        tokens.push_back(first.sample(logits, tokens));
    Sampler second(at_temperature(1));
    const auto so_far = gsl::span<const Token>(tokens).first(13);
    CHECK(second.sample(logits, so_far) == tokens[13]);
}

TEST_CASE("logits that are no numbers are refused") {
    Sampler sampler(at_temperature(1));
    const auto sample = [&](std::vector<float> logits) {
        return [&sampler, logits] { sampler.sample(logits, {}); };
    };
    check_error<std::domain_error>(sample({0, nan}), {"logit of token 1", "nan"});
    check_error<std::domain_error>(sample({infinity, 0}), {"logit of token 0", "inf"});
    check_error<std::domain_error>(sample({-infinity, -infinity}), {"one above -infinity"});
    check_error<std::invalid_argument>(sample({}), {"at least one"});
}

TEST_CASE("a history outside the vocabulary is refused where it matters") {
    SamplingOptions options;
    options.repetition_penalty = 1.1;
    Sampler sampler(options);
    for (const Token wrong : {-1, 2}) {
        const std::vector<Token> history = {wrong};
        check_error<std::out_of_range>(
            [&] {
                sampler.sample(std::vector<float>{0, 1}, history);
            },
            {"expected 0 to 1"});
    }
}

TEST_CASE("options outside their range are refused by name") {
    const auto check_refused = [](auto change, const char* name) {
        SamplingOptions options;
        change(options);
        check_error<std::invalid_argument>([&] { Sampler{options}; }, {name, "expected", "found"});
    };
    for (const double wrong : {-0.1, static_cast<double>(nan), static_cast<double>(infinity)}) {
        check_refused([=](SamplingOptions& o) { o.temperature = wrong; }, "temperature");
        check_refused([=](SamplingOptions& o) { o.top_p = wrong; }, "top_p");
        check_refused([=](SamplingOptions& o) { o.repetition_penalty = wrong; },
                      "repetition_penalty");
    }
    check_refused([](SamplingOptions& o) { o.top_k = -1; }, "top_k");
    check_refused([](SamplingOptions& o) { o.top_p = 0; }, "top_p");
    check_refused([](SamplingOptions& o) { o.repetition_penalty = 0; }, "repetition_penalty");
}

}  // namespace
}  // namespace aircomp::inference
