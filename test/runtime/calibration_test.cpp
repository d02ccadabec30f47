// SPDX-License-Identifier: GPL-3.0-or-later
// Calibrations in use: sums stay what they are, and cost the model less.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "coding/analog_codec.hpp"
#include "coding/exact_sum.hpp"
#include "engine/calibrate.hpp"
#include "engine/model_coding.hpp"
#include "engine/simulation.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/block_use.hpp"
#include "small_calibration.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

Config calibrated(double snr_db) {
    Config config = default_config(4);
    config.scheme = "mmse";
    config.radio.snr_db = snr_db;
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    config.radio.downlink = "free";
    config.analog.scale = ScalePolicy::shared;
    config.threads = 1;
    config.calibration.file = calibration_file();
    config.calibration.max_compute = 10;  // All that the file has; the model is small.
    return config;
}

std::vector<float> logits(const Config& config, unsigned seed = 7) {
    Simulation simulation(config, small_checkpoint(), nullptr);
    const auto tokens = random_tokens(24, seed);
    std::vector<float> all(tokens.size() * 96);
    simulation.forward()(tokens)(0, all);
    return all;
}

double mean_square_difference(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    return sum / static_cast<double>(a.size());
}

std::vector<float> exact_logits(unsigned seed = 7) {
    Config config = default_config(4);
    config.scheme = "exact";
    config.threads = 1;
    return logits(config, seed);
}

TEST_CASE("without noise a calibrated model is the model, with any of its tools and shares") {
    const auto exact = exact_logits();
    const double power = mean_square_difference(exact, std::vector<float>(exact.size()));
    Config config = calibrated(160);
    config.calibration.vector_headroom_db = 30;
    config.analog.clip_level = 1000;
    const int without = GENERATE(0, 1, 2, 3, 4);
    config.calibration.prediction = without != 1;
    config.calibration.first_token = without != 2;
    config.calibration.transform = without != 3;
    config.calibration.token_power = config.calibration.site_power = without != 4;
    if (without == 0) config.shares = {0.1, 0.5, 0.25, 0.15};
    CHECK(mean_square_difference(logits(config), exact) < 1e-6 * power);
}

TEST_CASE("a calibrated model suffers less from the same noise") {
    double plain_error = 0, calibrated_error = 0;
    for (const unsigned seed : {7U, 8U, 9U}) {
        Config config = calibrated(20);
        calibrated_error += mean_square_difference(logits(config, seed), exact_logits(seed));
        config.calibration.file.clear();
        plain_error += mean_square_difference(logits(config, seed), exact_logits(seed));
    }
    CHECK(calibrated_error < 0.5 * plain_error);
}

TEST_CASE("what calibrations cost is charged") {
    Config config = calibrated(20);
    const auto cost = [](const Config& its) {
        Simulation simulation(its, small_checkpoint(), nullptr);
        simulation.forward()(random_tokens(24, 1));
        return simulation.cost();
    };
    const TokenCost with = cost(config);
    config.calibration.file.clear();
    const TokenCost without = cost(config);
    CHECK(with.compute_s > without.compute_s);
    CHECK(with.server_energy_j > without.server_energy_j);
    CHECK(with.uplink_s == without.uplink_s);
}

TEST_CASE("predictions and transforms take no more of the devices than they may") {
    const auto& model = small_checkpoint().config();
    Config config = calibrated(20);
    const double own = inference::token_flops(model, inference::whole_model(model), 0);
    const double part = GENERATE(0.0, 0.2, 0.5);
    config.calibration.max_compute = part;
    const ModelCoding coding(config, small_checkpoint());
    const Simulation simulation(config, small_checkpoint(), nullptr);
    double flops = 0;
    for (std::int64_t index = 0; index < model.sites(); ++index) {
        for (const inference::Slice& slice : simulation.slices())
            flops += coding.device_flops(slice, model.site(index));
    }
    CHECK(flops <= part * own);
    CHECK((flops > 0) == (part > 0));
    // One direction more would not fit: a rank of 16 costs more than the half.
    CHECK((*coding.shared().predictions)[0].rank < 16);
}

TEST_CASE("blocks give up streams before they repeat") {
    const auto uses = block_uses(2, 3);
    REQUIRE(uses.size() == 4);
    CHECK(uses[0].streams == 2);
    CHECK(uses[1].streams == 1);
    CHECK(uses[1].repetitions == 1);
    CHECK(uses[3].streams == 1);
    CHECK(uses[3].repetitions == 3);
    CHECK(block_uses(1, 1).size() == 1);
}

TEST_CASE("a target of the loss decides on streams and repetitions") {
    const auto run = [](double target, int max_repetitions) {
        Config config = calibrated(20);
        config.accuracy.max_uplink_loss_nats = target;
        config.accuracy.max_repetitions = max_repetitions;
        auto simulation = std::make_unique<Simulation>(config, small_checkpoint(), nullptr);
        std::vector<float> all(24 * 96);
        simulation->forward()(random_tokens(24, 7))(0, all);
        return std::make_pair(mean_square_difference(all, exact_logits()), simulation->cost());
    };
    const auto missed = [](const TokenCost& cost) {
        const auto found = std::find_if(cost.own.begin(), cost.own.end(), [](const auto& entry) {
            return entry.first.key == missed_targets.key;
        });
        return found == cost.own.end() ? 0.0 : found->second;
    };
    const auto fixed = run(0, 4);
    // Anything is good enough: nothing changes.
    const auto loose = run(1e6, 4);
    CHECK(loose.first == fixed.first);
    CHECK(loose.second.uplink_s == fixed.second.uplink_s);
    CHECK(missed(loose.second) == 0);
    // Nothing is: one stream instead of two, as often as allowed.
    const auto strict = run(1e-9, 4);
    CHECK(strict.second.uplink_channel_uses == Approx(8 * fixed.second.uplink_channel_uses));
    CHECK(strict.second.uplink_s == Approx(8 * fixed.second.uplink_s));
    CHECK(strict.first < 0.5 * fixed.first);
    CHECK(missed(strict.second) ==
          Approx(static_cast<double>(small_checkpoint().config().sites())));
    const auto once = run(1e-9, 1);
    CHECK(once.second.uplink_channel_uses == Approx(2 * fixed.second.uplink_channel_uses));
    CHECK(once.first < fixed.first);
    CHECK(strict.first < once.first);
}

TEST_CASE("a target is refused where nobody can keep it") {
    Config config = calibrated(20);
    config.accuracy.max_uplink_loss_nats = 0.01;
    CHECK_NOTHROW(validate(config, "here", check_scheme));
    SECTION("without a calibration") {
        config.calibration.file.clear();
        CHECK_THROWS_WITH(Simulation(config, small_checkpoint(), nullptr),
                          Catch::Contains("accuracy.max_uplink_loss_nats: expected 0 where no "
                                          "calibration"));
    }
    SECTION("sample by sample") {
        config.medium = AirMedium::waveform;
        CHECK_THROWS_WITH(validate(config, "here", check_scheme),
                          Catch::Contains("accuracy.max_uplink_loss_nats: expected 0 with a medium "
                                          "other than symbol, found 0.01"));
    }
    SECTION("with a battery") {
        config.devices[2].energy_j_per_token = 1;
        CHECK_THROWS_WITH(validate(config, "here", check_scheme),
                          Catch::Contains("energy_j_per_token of device device-3"));
    }
}

TEST_CASE("without a tokenizer no calibration is made of text") {
    Config config = calibrated(20);
    config.calibration.file = automatic_calibration;
    CHECK_THROWS_WITH(
        Simulation(config, small_checkpoint(), nullptr),
        Catch::Contains("calibration.file: expected a file or none, for the model has "
                        "no tokenizer"));
}

/// Unit partials at the sites of one layer, and a coding that each test changes.
Calibration unit_coding(std::size_t devices) {
    Calibration calibration = unit_calibration(devices);
    calibration.coding.resize(2);
    return calibration;
}

std::vector<std::vector<float>> random_partials(std::size_t devices, std::size_t size) {
    std::mt19937 generator(5);
    std::normal_distribution<float> normal;
    std::vector<std::vector<float>> partials(devices, std::vector<float>(size));
    for (auto& partial : partials)
        for (float& value : partial)
            value = normal(generator);
    return partials;
}

TEST_CASE("shaped partials sum to what unshaping makes the sum of") {
    inference::TransformFactors factors;
    factors.rank = 2;
    factors.vectors.assign(2 * 64, 0);
    factors.vectors[3] = 1;
    factors.vectors[64 + 10] = 1;
    factors.gains = {0.1F, 7};
    Calibration calibration = unit_coding(3);
    const inference::TransformFactors identity;
    calibration.shape.transforms = {SiteTransform(identity, 64), SiteTransform(factors, 64)};
    AnalogCodec codec(default_config(3), 64, calibration);
    const auto partials = random_partials(3, 2 * 64);
    const std::vector<float> residual(2 * 64, 1);
    SumRequest request{{0, SiteKind::mlp, 1}, 4, 2, 64, partials, residual};
    const auto shaped = codec.shape(request);
    CHECK(shaped.limited_vectors == 0);
    CHECK(shaped.partials[0][3] == Approx(0.1 * partials[0][3]));
    CHECK(shaped.partials[2][64 + 10] == Approx(7 * partials[2][64 + 10]));
    SumRequest sent = request;
    sent.partials = shaped.partials;
    std::vector<float> sum(2 * 64), expected(2 * 64);
    exact_sum(sent, sum);
    exact_sum(request, expected);
    for (std::size_t v = 0; v < 2; ++v)
        codec.unshape(request.site, gsl::span<float>(sum).subspan(v * 64, 64));
    for (std::size_t i = 0; i < sum.size(); ++i)
        CHECK(sum[i] == Approx(expected[i]).margin(1e-5));
}

TEST_CASE("a vector beyond the headroom is held to it and counted") {
    Calibration calibration = unit_coding(2);
    calibration.shape.vector_headroom = 4;
    AnalogCodec codec(default_config(2), 64, calibration);
    auto partials = random_partials(2, 64);
    for (float& value : partials[1])
        value *= 10;
    const std::vector<float> residual(64, 1);
    const SumRequest request{{0, SiteKind::attention, 0}, 4, 1, 64, partials, residual};
    const auto shaped = codec.shape(request);
    CHECK(shaped.limited_vectors == 1);
    CHECK(shaped.partials[0] == partials[0]);
    // Unit partials are the mean.
    CHECK(mean_square(shaped.partials[1]) == Approx(4));
    CHECK(shaped.scales.size() == 1);
}

TEST_CASE("what is held back of a vector goes with the same token's next ones") {
    Calibration calibration = unit_coding(2);
    calibration.shape.vector_headroom = 4;
    calibration.shape.carries = true;
    Config config = default_config(2);
    config.analog.clip_level = GENERATE(3, 20);
    config.analog.rotation = GENERATE(false, true);
    AnalogCodec codec(config, 64, calibration);
    auto partials = random_partials(2, 64);
    for (float& value : partials[1])
        value *= 6;
    partials[0][7] = 10;
    const auto quiet = std::vector<std::vector<float>>(2, std::vector<float>(64));
    const std::vector<float> residual(64, 1);
    std::vector<float> lacks(64), sum(64);
    std::int64_t held_back = 0;
    const auto pass = [&](std::size_t index, const std::vector<std::vector<float>>& values) {
        const SumRequest request{{0, SiteKind::attention, index % 2}, 4, 1, 64, values, residual};
        exact_sum(request, sum);
        for (std::size_t i = 0; i < lacks.size(); ++i)
            lacks[i] += sum[i];
        const auto shaped = codec.shape(request);
        held_back += shaped.limited_vectors + shaped.clipped_reals;
        SumRequest sent = request;
        sent.partials = shaped.partials;
        exact_sum(sent, sum);
        for (std::size_t i = 0; i < lacks.size(); ++i)
            lacks[i] -= sum[i];
        // Nothing is left for the radio to clip.
        CHECK(codec.encode(shaped.partials[0], shaped.scales[0], 1).clipped == 0);
    };
    pass(0, partials);
    CHECK(held_back > 0);
    CHECK(mean_square(lacks) > 1);
    for (int i = 0; i < 9; ++i)
        pass(1, quiet);  // sites are the same token's as long as their numbers do not fall
    CHECK(mean_square(lacks) < 1e-6);
}

TEST_CASE("sites and tokens get the energy that they are given") {
    Calibration calibration = unit_coding(2);
    calibration.coding[0].energy_share = 0.25;
    calibration.coding[1].root_energy = 1;
    Config config = default_config(2);
    const std::vector<float> residual(64, 1);
    const auto partials = random_partials(2, 64);
    const AnalogCodec plain(config, 64, unit_calibration(2)), shaping(config, 64, calibration);
    SumRequest request{{0, SiteKind::attention, 0}, 4, 1, 64, partials, residual};
    // A quarter of the energy: twice the scale.
    CHECK(shaping.common_scale(request, 0) == Approx(2 * plain.common_scale(request, 0)));
    config.analog.scale = ScalePolicy::exchanged;
    const AnalogCodec exchanged(config, 64, calibration);
    // Energy after division follows the root of the token's.
    const Site mlp{0, SiteKind::mlp, 1};
    const double loud = exchanged.exchanged_scale({16, 16}, mlp);
    const double quiet = exchanged.exchanged_scale({1, 1}, mlp);
    CHECK(32 / (loud * loud) == Approx(4 * 2 / (quiet * quiet)));
}

TEST_CASE("energies are foretold from what they follow") {
    std::mt19937 generator(9);
    std::normal_distribution<double> normal;
    std::vector<EnergySample> samples;
    for (int i = 0; i < 500; ++i) {
        EnergyFeatures features{};
        features[0] = 1;
        for (std::size_t k = 1; k < features.size(); ++k)
            features[k] = normal(generator);
        samples.push_back({features, 2 + 0.5 * features[1] - features[4]});
    }
    const auto weights = fit_energy(samples);
    const EnergyForecast forecast(weights, samples);
    for (const EnergySample& sample : {samples[3], samples[77]})
        CHECK(std::log(forecast.energy(sample.features)) == Approx(sample.log_energy).margin(0.02));
    // Another split has another energy; what calibration never saw is held to a bound.
    auto moved = samples;
    for (EnergySample& sample : moved)
        sample.log_energy += 1;
    const EnergyForecast other(weights, moved);
    CHECK(std::log(other.energy(samples[3].features)) ==
          Approx(samples[3].log_energy + 1).margin(0.02));
    EnergyFeatures wild = samples[0].features;
    wild[1] = 1e6;
    CHECK(std::isfinite(other.energy(wild)));
    CHECK(other.energy(wild) < 1e4);
    CHECK_THROWS_AS(fit_energy(gsl::span<const EnergySample>(samples).first(1)),
                    std::invalid_argument);
    CHECK_THROWS_AS(EnergyForecast({1, 2}, samples), std::invalid_argument);
    CHECK_THROWS_AS(EnergyForecast(weights, {}), std::invalid_argument);
}

TEST_CASE("the calibration of another model is refused") {
    inference::RandomModelOptions options;
    options.seed = 99;
    const auto other = inference::random_model(small_model(), options);
    CHECK_THROWS_WITH(ModelCoding(calibrated(20), other),
                      Catch::Contains("expected a calibration of the model") &&
                          Catch::Contains(calibration_file().string()));
}

TEST_CASE("who cannot use a calibration says so") {
    CHECK_NOTHROW(require_no_calibration(default_config(4), "vectors without a model"));
    CHECK_THROWS_WITH(
        require_no_calibration(calibrated(20), "vectors without a model"),
        "calibration.file: expected none, for vectors without a model cannot use a calibration "
        "yet, found " +
            calibration_file().string());
}

TEST_CASE("texts and windows that cannot calibrate are refused") {
    CalibrateOptions options;
    options.window = 24;
    CHECK_THROWS_WITH(calibrate_model(small_checkpoint(), random_tokens(40, 1), options),
                      Catch::Contains("at least two windows, 48 tokens, found 40"));
    options.window = 33;
    CHECK_THROWS_WITH(calibrate_model(small_checkpoint(), random_tokens(400, 1), options),
                      Catch::Contains("2 to 32 tokens") && Catch::Contains("33"));
}

}  // namespace
}  // namespace aircomp::runtime
