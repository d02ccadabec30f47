// SPDX-License-Identifier: GPL-3.0-or-later
// A whole model over whole schemes: what splitting, noise and limits do to it.
#include "engine/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "engine/layout.hpp"
#include "inference/family_fixture.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

const std::vector<inference::Token> tokens = {0, 5, 17, 80, 3, 42, 42, 7, 91, 12};

Config experiment(const std::string& scheme, std::vector<double> shares, double snr_db = 20) {
    Config config = default_config(static_cast<std::int64_t>(shares.size()));
    config.scheme = scheme;
    config.shares = std::move(shares);
    config.radio.snr_db = snr_db;
    config.threads = 1;
    return config;
}

/// Of all tokens.
std::vector<float> logits(Simulation& simulation) {
    const auto rows = simulation.forward()(tokens);
    std::vector<float> logits(
        tokens.size() * static_cast<std::size_t>(small_checkpoint().config().vocabulary_size));
    rows(0, logits);
    return logits;
}

std::vector<float> logits(const Config& config) {
    Simulation simulation(config, small_checkpoint(), nullptr);
    return logits(simulation);
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max<double>(largest, std::abs(a[i] - b[i]));
    }
    return largest;
}

TEST_CASE("any shares give the logits of the unsplit model with the exact medium") {
    const auto whole = logits(experiment("centralized", {1}));
    const std::vector<double> shares = GENERATE(values<std::vector<double>>(
        {{1}, {0.5, 0.5}, {0.4, 0.3, 0.2, 0.1}, {0, 0.9, 0.1}, {0.2, 0.2, 0.2, 0.2, 0.1, 0.1}}));
    float range = 0;
    for (const float value : whole)
        range = std::max(range, std::abs(value));
    // Float32 sums in another order, over three layers.
    CHECK(largest_difference(whole, logits(experiment("exact", shares))) < 1e-4 * range);
}

TEST_CASE("the backend torch gives the kernels' logits, and its weights have to fit into memory") {
    const std::filesystem::path file =
        std::filesystem::path(AIRCOMP_SOURCE_DIR) / "test/inference/gguf/random_llama.gguf";
    const inference::Checkpoint checkpoint(file);
    Config config = experiment("exact", {0.6, 0.3, 0.1});
    const auto logits_of = [&] {
        Simulation simulation(config, checkpoint, nullptr);
        const std::vector<inference::Token> some = {1, 2, 3, 4, 5};
        std::vector<float> found(some.size() *
                                 static_cast<std::size_t>(checkpoint.config().vocabulary_size));
        simulation.forward()(some)(0, found);
        return found;
    };
    const auto expected = logits_of();
    config.compute.backend = inference::ComputeBackend::torch;
    float range = 0;
    for (const float value : expected)
        range = std::max(range, std::abs(value));
    // Float32 sums in another order.
    CHECK(largest_difference(expected, logits_of()) < 1e-4 * range);
    // Room for the device's weights as they are in the file, but not for four bytes each.
    const auto slices = lay_out(config, checkpoint.config(), 4).slices;
    config.devices[0].memory_bytes =
        0.9 * inference::weight_bytes(checkpoint.config(), slices[0], 4);
    CHECK_THROWS_WITH(logits_of(), Catch::Contains("devices[0].memory_bytes"));
    config.compute.backend = inference::ComputeBackend::kernels;
    CHECK_NOTHROW(logits_of());
}

TEST_CASE("a closed loop serves models that norm sums before they add them") {
    const test::TemporaryFolder folder;
    test::write_model(test::read_fixture(test::fixtures() / "gemma-2.json"), folder);
    const inference::Checkpoint checkpoint(folder.path());
    Config config = experiment("digital", {0.5, 0.5});
    config.digital.bits = 16;
    const std::vector<inference::Token> some = {1, 2, 3, 4, 5};
    const auto logits_of = [&](const std::string& downlink) {
        config.radio.downlink = downlink;
        config.radio.downlink_bits = downlink == "closed-loop" ? 6 : 16;
        Simulation simulation(config, checkpoint, nullptr);
        std::vector<float> found(some.size() *
                                 static_cast<std::size_t>(checkpoint.config().vocabulary_size));
        simulation.forward()(some)(0, found);
        return std::make_pair(found, simulation.cost().downlink_s);
    };
    const auto [exact, free_s] = logits_of("free");
    const auto [closed, closed_s] = logits_of("closed-loop");
    const auto [open, open_s] = logits_of("multicast");
    float range = 0;
    for (const float value : exact)
        range = std::max(range, std::abs(value));
    CHECK(largest_difference(exact, closed) < 0.25 * range);
    CHECK(largest_difference(exact, closed) > 0);
    CHECK(closed_s < 0.6 * open_s);
    CHECK(free_s == 0);
}

TEST_CASE("a server that gathers inputs computes the same logits, at any shares") {
    const std::vector<double> shares = GENERATE(values<std::vector<double>>(
        {{1}, {0.5, 0.5}, {0, 0.9, 0.1}, {0.2, 0.2, 0.2, 0.2, 0.1, 0.1}}));
    Config config = experiment("gather", shares);
    config.radio.downlink = "free";
    config.digital.bits = 16;
    const auto exact = logits(experiment("exact", shares));
    float range = 0;
    for (const float value : exact)
        range = std::max(range, std::abs(value));
    CHECK(largest_difference(exact, logits(config)) < 1e-3 * range);
}

TEST_CASE("the error of gathered codes is that of their quantiser, also of parallel halves") {
    Config config = experiment("gather", {0.5, 0.5});
    config.radio.downlink = "free";
    config.digital = {4, Quantiser::lloyd_max, false};
    auto model = small_model();
    model.design.parallel = GENERATE(false, true);
    const auto checkpoint = inference::random_model(model);
    Simulation simulation(config, checkpoint, nullptr);
    simulation.forward()(tokens);
    CHECK(simulation.model().nmse() == Approx(0.0095).epsilon(0.5));
}

TEST_CASE("a server that gathers computes what devices then do not") {
    const auto cost = [](const std::string& scheme) {
        Simulation simulation(experiment(scheme, {0.5, 0.5}), small_checkpoint(), nullptr);
        simulation.forward()(tokens);
        return simulation.cost();
    };
    const TokenCost digital = cost("digital"), gather = cost("gather");
    const double by_devices_j = digital.device_energy_j[0] + digital.device_energy_j[1];
    CHECK(gather.device_energy_j[0] + gather.device_energy_j[1] < by_devices_j);
    CHECK(gather.server_energy_j > digital.server_energy_j);
    CHECK(gather.uplink_s < digital.uplink_s);
}

TEST_CASE("computing waits for memory where that is slower") {
    const auto compute_s = [](std::optional<double> of_devices, std::optional<double> of_server) {
        Config config = experiment("exact", {0.5, 0.5});
        for (DeviceConfig& device : config.devices)
            device.memory_bandwidth_bytes_per_s = of_devices;
        config.server_memory_bandwidth_bytes_per_s = of_server;
        Simulation simulation(config, small_checkpoint(), nullptr);
        simulation.next_logits()({tokens.data(), 1}, 0);
        return simulation.cost().compute_s;
    };
    const double arithmetic = compute_s({}, {});
    CHECK(compute_s(1e15, 1e15) == arithmetic);
    CHECK(compute_s(1e6, {}) > 10 * arithmetic);
    CHECK(compute_s(1e6, {}) == Approx(2 * compute_s(2e6, {})).epsilon(0.1));
    CHECK(compute_s({}, 1e6) > 10 * arithmetic);
}

TEST_CASE("tokens that are scored cost what decoding them one by one costs, a prompt less") {
    for (const char* scheme : {"mmse", "gather"}) {
        CAPTURE(scheme);
        Config config = experiment(scheme, {0.5, 0.5});
        for (DeviceConfig& device : config.devices)
            device.memory_bandwidth_bytes_per_s = 1e6;
        config.server_memory_bandwidth_bytes_per_s = 1e6;
        config.frame.max_vectors = 4;
        config.radio.channel_knowledge = ChannelKnowledge::perfect;  // soundings follow the time
        Simulation scored(config, small_checkpoint(), nullptr);
        logits(scored);
        Simulation decoded(config, small_checkpoint(), nullptr);
        for (std::size_t i = 0; i < tokens.size(); ++i)
            decoded.next_logits()({&tokens[i], 1}, static_cast<std::int64_t>(i));
        CHECK(scored.cost().compute_s == Approx(decoded.cost().compute_s));
        CHECK(scored.cost().frame_s == Approx(decoded.cost().frame_s));
        CHECK(scored.elapsed_s() ==
              Approx(scored.cost().total_s() * static_cast<double>(tokens.size())));
        Simulation prompted(config, small_checkpoint(), nullptr);
        prompted.next_logits()(tokens, 0);
        CHECK(prompted.cost().compute_s < 0.5 * decoded.cost().compute_s);
        CHECK(prompted.cost().frame_s < 0.5 * decoded.cost().frame_s);
    }
}

TEST_CASE("the error over the air falls tenfold with ten decibels") {
    const auto nmse = [](double snr_db) {
        Simulation simulation(experiment("mmse", {0.4, 0.3, 0.2, 0.1}, snr_db), small_checkpoint(),
                              nullptr);
        simulation.forward()(tokens);
        return simulation.model().nmse();
    };
    const double at_20 = nmse(20), at_30 = nmse(30), at_40 = nmse(40);
    CHECK(at_20 / at_30 == Approx(10).epsilon(0.5));
    CHECK(at_30 / at_40 == Approx(10).epsilon(0.5));
}

TEST_CASE("a model of parallel halves has one all-reduce a layer, whatever the scheme") {
    auto model = small_model();
    model.design.parallel = true;
    const auto parallel = inference::random_model(model);
    const auto run = [&](const std::string& scheme, std::int64_t& all_reduces) {
        Simulation simulation(experiment(scheme, {0.4, 0.3, 0.2, 0.1}, 40), parallel, nullptr);
        auto all = logits(simulation);
        all_reduces = simulation.medium().usage().all_reduces;
        return all;
    };
    const auto expected = static_cast<std::int64_t>(tokens.size()) * model.layers;
    std::int64_t counted = 0;
    const auto exact = run("exact", counted);
    CHECK(counted == expected);
    for (const char* scheme : {"mmse", "fdma", "hierarchical", "digital"}) {
        CAPTURE(scheme);
        const double difference = largest_difference(exact, run(scheme, counted));
        CHECK(counted == expected);
        CHECK(difference > 0);
        CHECK(difference < 2);  // of logits up to 3
    }
}

TEST_CASE("memory is checked for the tokens that are used, not for the whole context") {
    Config config = experiment("exact", {0.5, 0.5});
    Simulation ample(config, small_checkpoint(), nullptr);
    // Half of the layers and of the KV groups: 2 * 3 layers * 2 groups * 8 reals for each token.
    const double slice = 4 * 3 * 64 * (8 * 8 + 4 * 8 + 3 * 80), a_token = 4 * 2 * 3 * 2 * 8;
    for (auto& device : config.devices)
        device.memory_bytes = slice + 12 * a_token;
    Simulation tight(config, small_checkpoint(), nullptr);
    CHECK(logits(tight) == logits(ample));
    CHECK_NOTHROW(tight.model().reserve(12));
    CHECK(logits(tight) == logits(ample));
    CHECK_THROWS_WITH(tight.model().reserve(13), Catch::Contains("devices[0].memory_bytes") &&
                                                     Catch::Contains("the KV cache of 13 tokens"));
    const std::vector<inference::Token> more(13, 5);
    CHECK_THROWS_AS(tight.forward()(more), std::invalid_argument);
    for (auto& device : config.devices)
        device.memory_bytes = slice;
    CHECK_THROWS_AS(Simulation(config, small_checkpoint(), nullptr), std::invalid_argument);
}

TEST_CASE("decoding token by token agrees with prefill over the exact medium") {
    const auto config = experiment("exact", {0.4, 0.3, 0.2, 0.1});
    const auto at_once = logits(config);
    Simulation simulation(config, small_checkpoint(), nullptr);
    std::vector<float> last;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        last = simulation.model().forward(gsl::span<const inference::Token>(&tokens[i], 1),
                                          static_cast<std::int64_t>(i), simulation.medium());
    }
    const std::vector<float> expected(at_once.end() - 96, at_once.end());
    CHECK(largest_difference(expected, last) < 1e-4);
}

TEST_CASE("a sequence longer than the context is refused with the limit") {
    Simulation simulation(experiment("exact", {0.5, 0.5}), small_checkpoint(), nullptr);
    CHECK_THROWS_WITH(simulation.forward()(std::vector<inference::Token>(33, 1)),
                      "the sequence needs 33 tokens, the context holds 32");
}

TEST_CASE("a pass ends with what its poll throws, and the next sequence is a whole one") {
    Simulation simulation(experiment("exact", {0.5, 0.5}), small_checkpoint(), nullptr);
    const auto whole = logits(simulation);
    int sums_left = 3;
    simulation.model().poll_with([&] {
        if (sums_left-- == 0) throw inference::Interrupted();
    });
    CHECK_THROWS_AS(logits(simulation), inference::Interrupted);
    CHECK(sums_left == -1);
    simulation.model().poll_with(nullptr);
    CHECK(logits(simulation) == whole);
}

TEST_CASE("generation is repeatable and stops at its stop token") {
    const auto run = [](std::vector<inference::Token> stop) {
        Simulation simulation(experiment("mmse", {0.5, 0.5}), small_checkpoint(), nullptr);
        inference::Sampler sampler({});
        return inference::continue_text(simulation.next_logits(), sampler, {0, 5},
                                        {6, std::move(stop), 96, 0, {}}, [](inference::Token) {});
    };
    const auto first = run({});
    CHECK(first.size() == 8);
    CHECK(first == run({}));
    CHECK(run({first[2]}).size() == 2);
}

TEST_CASE("shares that do not fit the devices are refused") {
    auto config = experiment("exact", {0.5, 0.5});
    config.shares = {0.5, 0.4};
    CHECK_THROWS_WITH(Simulation(config, small_checkpoint(), nullptr), Catch::Contains("0.9"));
    config.shares = {1};
    CHECK_THROWS(Simulation(config, small_checkpoint(), nullptr));
}

TEST_CASE("a slice that its device's memory cannot hold is refused with both sizes") {
    Config config = experiment("exact", {0.5, 0.5});
    config.devices[1].memory_bytes = 100e3;
    using Catch::Contains;
    REQUIRE_THROWS_WITH(logits(config),
                        Contains("devices[1].memory_bytes: device-2") && Contains("has 100000"));
    config.devices[1].memory_bytes = 1e6;
    REQUIRE_NOTHROW(logits(config));
}

TEST_CASE("costs add up: energy and time of a token") {
    Simulation simulation(experiment("mmse", {0.4, 0.3, 0.2, 0.1}), small_checkpoint(), nullptr);
    simulation.forward()(tokens);
    const auto cost = simulation.cost();
    CHECK(cost.total_s() == Approx(cost.compute_s + cost.uplink_s + cost.downlink_s +
                                   cost.sounding_s + cost.control_s + cost.frame_s));
    // Two all-reduces a layer of ceil(64 / 4) channel uses.
    CHECK(cost.uplink_channel_uses == Approx(2 * 3 * 16));
    CHECK(cost.device_energy_j.size() == 4);
    for (const double energy : cost.device_energy_j)
        CHECK(energy > 0);
}

/// Four devices of equal channels, the last one with a battery that lets it compute a quarter of
/// the model and hardly send.
Config with_battery(const std::string& scheme) {
    Config config = experiment(scheme, {0.25, 0.25, 0.25, 0.25});
    for (auto& device : config.devices)
        device.path_gain = 0.5;
    const double computing_j =
        config.devices[3].energy_j_per_flop *
        token_flops(config, small_model(), lay_out(config, small_model(), sizeof(float)).slices[3]);
    const double full_power_j =
        config.devices[3].max_power_w * token_air_time_s(config, small_model());
    config.devices[3].energy_j_per_token = computing_j + 0.01 * full_power_j;
    return config;
}

TEST_CASE("what computing takes of a device's energy it cannot transmit with (9)") {
    Config config = with_battery("mmse");
    const auto slices = lay_out(config, small_model(), sizeof(float)).slices;
    const auto power_w = transmit_powers_w(config, small_model(), slices);
    CHECK(power_w[0] == config.devices[0].max_power_w);
    CHECK(power_w[3] == Approx(0.01 * config.devices[3].max_power_w));
    config.scheme = "fdma";  // four times as long on the air
    CHECK(transmit_powers_w(config, small_model(), slices)[3] ==
          Approx(0.0025 * config.devices[3].max_power_w));

    const auto nmse = [](const Config& of) {
        Simulation simulation(of, small_checkpoint(), nullptr);
        simulation.forward()(tokens);
        return simulation.model().nmse();
    };
    config = with_battery("mmse");
    const double limited = nmse(config);
    config.devices[3].energy_j_per_token.reset();
    CHECK(limited > 2 * nmse(config));

    config.devices[3].energy_j_per_token = 1e-9;
    CHECK_THROWS_WITH(Simulation(config, small_checkpoint(), nullptr),
                      Catch::Contains("device 'device-4': energy_j_per_token: expected more than"));
}

TEST_CASE("a scheme that assigns shares spares the weak device") {
    const std::string design = GENERATE("mmse", "sdr");
    const auto run = [&](Config config) {
        auto simulation = std::make_unique<Simulation>(config, small_checkpoint(), nullptr);
        simulation->forward()(tokens);
        return simulation;
    };
    Config config = with_battery(design);
    const auto equal = run(config);
    config.scheme = design + "+sca";
    CHECK_THROWS_WITH(run(config), Catch::Contains("shares: expected none, for the scheme"));
    config.shares.clear();
    const auto assigned = run(config);
    const auto& shares = assigned->config().shares;
    CHECK(shares[3] < *std::min_element(shares.begin(), shares.end() - 1));
    CHECK(assigned->model().nmse() < equal->model().nmse());
}

}  // namespace
}  // namespace aircomp::runtime
