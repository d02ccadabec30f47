// SPDX-License-Identifier: GPL-3.0-or-later
// Plans: what is enumerated, what is chosen, and what keeps a way from being valid.
#include "experiment/plan.hpp"

#include <cmath>
#include <set>

#include "aircomp/inference/slice_cost.hpp"
#include "coding/lloyd_max.hpp"
#include "experiment/dimensions.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

Config cell(std::size_t devices) {
    Config config = default_config();
    config.radio.downlink = "closed-loop";
    config.radio.downlink_bits = 6;
    config.digital = {4, Quantiser::lloyd_max, true};
    for (DeviceConfig& device : config.devices)
        device.memory_bytes = 1e12;
    repeat_devices(config, devices);
    return config;
}

inference::ModelConfig small_dimensions() {
    auto model = dimensions_of("llama-2-7b");
    model.layers = 2;
    return model;
}

PlanOptions options_of(double max_loss_nats) {
    PlanOptions options;
    options.max_loss_nats = max_loss_nats;
    options.budget = error_budget(/*calibrated=*/true);
    options.tokens = 1;
    return options;
}

/// What codes down lose, of bits that a calibrated budget has chosen.
double loss_down(const PlanOptions& options, double bits) {
    return options.budget.down * transform_nmse(bits);
}

TEST_CASE("a plan has one device alone, and every scheme for 2, 4, ... and all devices") {
    const Plan plan = make_plan(cell(5), small_dimensions(), options_of(0.05));
    std::set<std::pair<std::string, int>> found;
    std::set<int> streams;
    for (const PlanChoice& choice : plan.choices) {
        found.emplace(choice.kind, choice.devices);
        if (choice.kind == "air") streams.insert(choice.streams);
    }
    std::set<std::pair<std::string, int>> expected = {{"local", 1}};
    for (const int devices : {2, 4, 5}) {
        for (const char* kind : {"air", "digital", "gather"})
            expected.emplace(kind, devices);
    }
    CHECK(found == expected);
    CHECK(streams == std::set<int>{1, 2});
}

TEST_CASE("the chosen way is the fastest of those that keep the loss") {
    const double max_loss = GENERATE(0.003, 0.02);
    const Plan plan = make_plan(cell(4), small_dimensions(), options_of(max_loss));
    REQUIRE(plan.chosen);
    const double best_s = plan.choices[*plan.chosen].cost.total_s();
    for (const PlanChoice& choice : plan.choices) {
        CAPTURE(choice.config.scheme, choice.devices, choice.streams, choice.reason);
        if (choice.valid()) {
            CHECK(choice.loss_nats <= max_loss);
            CHECK(choice.cost.total_s() >= best_s);
        } else {
            CHECK((choice.loss_nats > max_loss || choice.reason.find("bits") != std::string::npos));
        }
    }
}

TEST_CASE("bits are the fewest that keep the loss") {
    const PlanOptions options = options_of(0.02);
    const Plan plan = make_plan(cell(2), small_dimensions(), options);
    for (const PlanChoice& choice : plan.choices) {
        if (choice.bits_up == 0) continue;
        const double per_nmse =
            choice.kind == "gather" ? options.budget.inputs : options.budget.codes_fed_back;
        const double fewer = code_nmse(Quantiser::lloyd_max, choice.bits_up - 0.1);
        CHECK(choice.loss_nats <= 0.02);
        CHECK(per_nmse * fewer > 0.02 - loss_down(options, choice.bits_down));
    }
}

TEST_CASE("sums over the air leave to the way down what they do not lose themselves") {
    Config config = cell(2);
    config.radio.snr_db = 30;
    const PlanOptions options = options_of(0.02);
    const Plan plan = make_plan(config, small_dimensions(), options);
    for (const PlanChoice& choice : plan.choices) {
        if (choice.kind != "air" || choice.by_block || !choice.valid()) continue;
        CAPTURE(choice.streams, choice.bits_down);
        CHECK(choice.bits_down < 6);
        const double spared =
            loss_down(options, choice.bits_down - 0.1) - loss_down(options, choice.bits_down);
        CHECK((choice.loss_nats + spared > 0.02 || choice.bits_down == 2));
    }
    // Codes that do not close a loop lose by themselves, and keep the bits they have.
    config.radio.downlink = "multicast";
    for (const PlanChoice& choice : make_plan(config, small_dimensions(), options).choices)
        CHECK((choice.bits_down == 6 || choice.devices == 1));
}

TEST_CASE("streams by block keep the loss, in no more time than the most that keep it in all") {
    const double snr_db = GENERATE(15, 20, 25);
    CAPTURE(snr_db);
    Config config = cell(4);
    config.radio.snr_db = snr_db;
    const PlanOptions options = options_of(0.02);
    int by_block = 0;
    for (const PlanChoice& choice : make_plan(config, small_dimensions(), options).choices) {
        if (!choice.by_block) continue;
        ++by_block;
        CHECK(choice.streams == 2);
        if (choice.valid()) CHECK(choice.loss_nats <= 0.02);
        // What a run aims at, in the calibration's measure.
        const double target = 0.02 - loss_down(options, choice.bits_down);
        CHECK(choice.config.accuracy.max_uplink_loss_nats ==
              Approx(target * options.budget.sensitivity / options.budget.over_air));
    }
    CHECK(by_block > 0);
    PlanOptions uncalibrated = options;
    uncalibrated.budget = error_budget(/*calibrated=*/false);
    for (const PlanChoice& choice : make_plan(config, small_dimensions(), uncalibrated).choices)
        CHECK_FALSE(choice.by_block);
}

TEST_CASE("a way down that closes the loop has the codes of a calibration, where there is one") {
    const Config config = cell(2);
    PlanOptions options = options_of(0.02);
    const Plan calibrated = make_plan(config, small_dimensions(), options);
    for (const PlanChoice& choice : calibrated.choices) {
        if (choice.kind == "local") continue;
        CHECK(choice.config.radio.downlink == "closed-loop-transform");
        CHECK(choice.config.radio.downlink_loss_nats ==
              Approx(transform_steps_nats(loss_down(options, choice.bits_down))));
    }
    // Budgets that differ in nothing but that.
    options.budget.sensitivity = 0;
    const Plan plain = make_plan(config, small_dimensions(), options);
    std::size_t compared = 0;
    for (std::size_t i = 0, j = 0; j < plain.choices.size(); ++i, ++j) {
        while (calibrated.choices[i].by_block)
            ++i;
        const PlanChoice &with = calibrated.choices[i], &without = plain.choices[j];
        REQUIRE(with.config.scheme == without.config.scheme);
        if (without.kind == "local" || !without.valid()) continue;
        ++compared;
        CHECK(without.config.radio.downlink == "closed-loop");
        CHECK(without.config.radio.downlink_bits == without.bits_down);
        CHECK(with.cost.downlink_s < 0.95 * without.cost.downlink_s);
        CHECK(with.loss_nats <= 0.02);
    }
    CHECK(compared > 3);
    auto normed = small_dimensions();
    normed.design.norm_after = true;
    for (const PlanChoice& choice : make_plan(config, normed, options_of(0.02)).choices)
        CHECK(choice.config.radio.downlink == "closed-loop");
}

TEST_CASE("what calibrated codes leave out is what was measured") {
    const double per_nmse = error_budget(/*calibrated=*/true).down;
    // docs/accuracy.md: bits a value, nats.
    const std::pair<double, double> measured[] = {
        {4.47, 0.0016}, {3.82, 0.0040}, {3.35, 0.0076}, {2.89, 0.0160}};
    for (const auto& [bits, loss] : measured)
        CHECK(per_nmse * transform_nmse(bits) == Approx(loss).epsilon(0.08));
}

TEST_CASE("a prompt's first token takes less time where its vectors share frames") {
    const auto plan = [](std::int64_t max_vectors, std::int64_t prompt_tokens) {
        Config config = cell(2);
        config.frame.max_vectors = max_vectors;
        PlanOptions options = options_of(0.05);
        options.prompt_tokens = prompt_tokens;
        return make_plan(config, small_dimensions(), options);
    };
    const Plan alone = plan(1, 8), shared = plan(4, 8), longer = plan(4, 16), without = plan(4, 0);
    REQUIRE(alone.choices.size() == shared.choices.size());
    int timed = 0;
    for (std::size_t i = 0; i < alone.choices.size(); ++i) {
        CHECK(without.choices[i].first_token_s == 0);
        if (!alone.choices[i].valid()) continue;
        CAPTURE(alone.choices[i].config.scheme);
        CHECK(alone.choices[i].first_token_s > 0);
        if (alone.choices[i].kind == "local") continue;
        ++timed;
        CHECK(shared.choices[i].first_token_s < alone.choices[i].first_token_s);
        CHECK(longer.choices[i].first_token_s > shared.choices[i].first_token_s);
    }
    CHECK(timed > 3);
}

TEST_CASE("a token of several conversations pays its part of frames and weights") {
    const auto plan = [](std::int64_t conversations, double memory_bytes) {
        Config config = cell(2);
        config.frame.max_vectors = 4;
        for (DeviceConfig& device : config.devices) {
            device.memory_bandwidth_bytes_per_s = 1e9;
            device.memory_bytes = memory_bytes;
        }
        PlanOptions options = options_of(0.05);
        options.conversations = conversations;
        return make_plan(config, small_dimensions(), options);
    };
    const Plan one = plan(1, 1e12), four = plan(4, 1e12);
    int sent = 0;
    for (std::size_t i = 0; i < one.choices.size(); ++i) {
        const PlanChoice &alone = one.choices[i], &shared = four.choices[i];
        if (!alone.valid()) continue;
        CAPTURE(alone.config.scheme, alone.streams);
        REQUIRE(shared.config.scheme == alone.config.scheme);
        CHECK(shared.compute_s() < 0.5 * alone.compute_s());
        if (alone.cost.frame_s == 0) continue;
        ++sent;
        CHECK(shared.cost.frame_s < 0.5 * alone.cost.frame_s);
    }
    CHECK(sent > 3);
    // The caches of 512 tokens have 2 layers * 2 * 4096 reals of 4 bytes for each: 34 MB.
    const double weights =
        inference::weight_bytes(small_dimensions(), inference::whole_model(small_dimensions()), 2);
    CHECK(plan(1, weights + 40e6).choices[0].reason.empty());
    CHECK(plan(4, weights + 40e6).choices[0].reason.find("memory") != std::string::npos);
}

TEST_CASE("a loss that no way down keeps leaves one device alone") {
    const Plan plan = make_plan(cell(2), small_dimensions(), options_of(1e-9));
    REQUIRE(plan.chosen);
    CHECK(plan.choices[*plan.chosen].kind == "local");
    for (const PlanChoice& choice : plan.choices)
        CHECK((choice.kind == "local" || !choice.reason.empty()));
}

TEST_CASE("a device with too little memory is named") {
    Config config = cell(2);
    for (DeviceConfig& device : config.devices)
        device.memory_bytes = 1e6;
    const Plan plan = make_plan(config, small_dimensions(), options_of(0.02));
    CHECK_FALSE(plan.chosen);
    for (const PlanChoice& choice : plan.choices)
        CHECK(choice.reason == "device-1 has too little memory");
}

TEST_CASE("what a plan chose is what runs") {
    Config config = cell(4);
    config.accuracy.max_uplink_loss_nats = 0.004;
    const Plan plan = make_plan(config, small_dimensions(), options_of(0.02));
    REQUIRE(plan.chosen);
    const PlanChoice& best = plan.choices[*plan.chosen];
    take_over(best, config);
    CHECK(config.scheme == best.config.scheme);
    CHECK(config.devices.size() == best.config.devices.size());
    CHECK(config.radio.streams == best.config.radio.streams);
    CHECK((config.accuracy.max_uplink_loss_nats > 0) == best.by_block);
    CHECK_NOTHROW(validate(config, "plan", check_scheme));
}

TEST_CASE("a model of other sensitivity has another budget, in proportion") {
    const ErrorBudget smollm2 = error_budget(true), other = error_budget(true, 2 * 1.762);
    CHECK(other.over_air == Approx(2 * smollm2.over_air));
    CHECK(other.down == Approx(2 * smollm2.down));
    // Equal sensitivities: energies are all one.
    CHECK(total_sensitivity({0.5F, 0.5F, 0.5F}) == Approx(1.5));
    CHECK(total_sensitivity({1.0F, 0.0F}) == Approx(0.5));
}

TEST_CASE("levels at equal distances err as the codes of a rotated vector do") {
    CHECK(code_nmse(Quantiser::uniform, 8) == Approx(3.5 * 3.5 / (127 * 127) / 12));
    CHECK(code_nmse(Quantiser::lloyd_max, 4) == LloydMax::of(4).distortion());
    CHECK(*fewest_bits(Quantiser::uniform, 1, code_nmse(Quantiser::uniform, 8)) == 8);
    CHECK_FALSE(fewest_bits(Quantiser::lloyd_max, 1, 1e-9));
    const double four = code_nmse(Quantiser::lloyd_max, 4),
                 five = code_nmse(Quantiser::lloyd_max, 5);
    CHECK(code_nmse(Quantiser::lloyd_max, 4.25) == Approx(0.75 * four + 0.25 * five));
    CHECK(*fewest_bits(Quantiser::lloyd_max, 1, four) == 4);
}

}  // namespace
}  // namespace aircomp::runtime
