// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens of several sequences in one pass: what each gets, and what they share.
#include <algorithm>

#include "engine/simulation.hpp"
#include "small_calibration.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using inference::FreshTokens;
using inference::Token;
using Logits = std::vector<std::vector<float>>;

/// Three sequences of different lengths: a prompt each, and what is decoded behind it.
const std::vector<std::vector<Token>> prompts = {{0, 5, 17, 80}, {0, 42}, {0, 7, 91, 12, 3, 66}};
constexpr std::int64_t decoded = 4;

Token token_at(std::size_t sequence, std::int64_t step) {
    return static_cast<Token>(11 * step + 7 * static_cast<std::int64_t>(sequence) + 2);
}

Config experiment(const std::string& scheme) {
    Config config = default_config(2);
    config.scheme = scheme;
    config.shares = {0.6, 0.4};
    config.threads = 1;
    return config;
}

FreshTokens fresh(std::size_t sequence, std::int64_t position, gsl::span<const Token> tokens) {
    FreshTokens next;
    next.sequence = sequence;
    next.position = position;
    next.tokens = tokens;
    return next;
}

void prompt(Simulation& simulation, std::size_t sequence) {
    const FreshTokens next = fresh(sequence, 0, prompts[sequence]);
    simulation.model().forward({&next, 1}, simulation.medium());
}

/// Logits of a step of some sequences in one pass.
Logits decode(Simulation& simulation, const std::vector<std::size_t>& sequences,
              std::int64_t step) {
    std::vector<Token> tokens;
    for (const std::size_t sequence : sequences)
        tokens.push_back(token_at(sequence, step));
    std::vector<FreshTokens> next;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
        const auto size = static_cast<std::int64_t>(prompts[sequences[i]].size());
        next.push_back(fresh(sequences[i], size + step, {&tokens[i], 1}));
    }
    return simulation.model().forward(next, simulation.medium());
}

/// For a way down in calibrated bases.
std::filesystem::path calibration_with_bases(const std::filesystem::path& file) {
    CalibrateOptions options;
    options.window = 24;
    options.prediction_rank = 16;
    options.transform_rank = 16;
    options.covariance_tokens = 480;
    options.energy_tokens = 480;
    options.sensitivity_tokens = 96;
    options.update_rank = 16;
    inference::write_calibration(
        file, calibrate_model(small_checkpoint(), random_tokens(1200, 1), options));
    return file;
}

/// Of each step.
Logits decode_alone(const Config& config, std::size_t sequence) {
    Simulation simulation(config, small_checkpoint(), nullptr);
    prompt(simulation, sequence);
    Logits logits;
    for (std::int64_t step = 0; step < decoded; ++step)
        logits.push_back(decode(simulation, {sequence}, step)[0]);
    return logits;
}

TEST_CASE("whatever does not depend on noise, a token gets beside others what it gets alone") {
    const auto [scheme, downlink] =
        GENERATE(table<std::string, std::string>({{"exact", "free"},
                                                  {"digital", "closed-loop"},
                                                  {"digital", "closed-loop-transform"},
                                                  {"gather", "free"}}));
    CAPTURE(scheme, downlink);
    Config config = experiment(scheme);
    config.radio.downlink = downlink;
    config.digital = {4, Quantiser::lloyd_max, true};
    config.radio.downlink_bits = 4;
    const test::TemporaryFolder folder;
    if (downlink == "closed-loop-transform")
        config.calibration.file = calibration_with_bases(folder.path() / "calibration");
    config.frame.max_vectors = 2;
    Simulation simulation(config, small_checkpoint(), nullptr);
    // They come one after the other, while the others go on, and one goes early.
    std::vector<Logits> all(3);
    const auto step = [&](const std::vector<std::size_t>& sequences) {
        std::vector<FreshTokens> next;
        std::vector<Token> tokens(sequences.size());
        for (std::size_t i = 0; i < sequences.size(); ++i) {
            const auto done = static_cast<std::int64_t>(all[sequences[i]].size());
            tokens[i] = token_at(sequences[i], done);
            const auto size = static_cast<std::int64_t>(prompts[sequences[i]].size());
            next.push_back(fresh(sequences[i], size + done, {&tokens[i], 1}));
        }
        const auto logits = simulation.model().forward(next, simulation.medium());
        for (std::size_t i = 0; i < sequences.size(); ++i)
            all[sequences[i]].push_back(logits[i]);
    };
    prompt(simulation, 1);
    step({1});
    prompt(simulation, 0);
    step({0, 1});
    prompt(simulation, 2);
    step({2, 0, 1});
    step({1, 2, 0});
    simulation.model().forget(1);
    step({0, 2});
    step({2});
    for (std::size_t sequence = 0; sequence < prompts.size(); ++sequence)
        CHECK(all[sequence] == decode_alone(config, sequence));
}

TEST_CASE("a prompt may go through beside tokens of others, and only who wants logits gets some") {
    Simulation simulation(experiment("exact"), small_checkpoint(), nullptr);
    prompt(simulation, 0);
    const Token token = token_at(0, 0);
    auto first = fresh(2, 0, gsl::span<const Token>(prompts[2]).first(4));
    first.wants_logits = false;
    const std::vector<FreshTokens> mixed = {first, fresh(0, 4, {&token, 1})};
    const auto logits = simulation.model().forward(mixed, simulation.medium());
    REQUIRE(logits.size() == 1);
    CHECK(logits[0] == decode_alone(experiment("exact"), 0)[0]);
    CHECK(simulation.model().tokens() == 4 + 4 + 1);

    Simulation cut(experiment("exact"), small_checkpoint(), nullptr);
    cut.model().forward({&first, 1}, cut.medium());
    const auto rest = fresh(2, 4, gsl::span<const Token>(prompts[2]).subspan(4));
    CHECK(simulation.model().forward({&rest, 1}, simulation.medium()) ==
          cut.model().forward({&rest, 1}, cut.medium()));
}

TEST_CASE("tokens of one pass share frames and weights, not payloads") {
    const auto cost = [](std::int64_t max_vectors, bool at_once) {
        Config config = experiment("mmse");
        config.frame.max_vectors = max_vectors;
        config.radio.coherence_block_s = 1e6;  // one channel, one sounding
        for (DeviceConfig& device : config.devices)
            device.memory_bandwidth_bytes_per_s = 1e6;
        config.server_memory_bandwidth_bytes_per_s = 1e6;
        Simulation simulation(config, small_checkpoint(), nullptr);
        for (std::size_t sequence = 0; sequence < prompts.size(); ++sequence)
            prompt(simulation, sequence);
        const auto before = simulation.medium().usage();
        const double computed_s = simulation.model().compute().seconds;
        if (at_once) {
            decode(simulation, {0, 1, 2}, 0);
        } else {
            for (const std::size_t sequence : {0, 1, 2})
                decode(simulation, {sequence}, 0);
        }
        const auto& after = simulation.medium().usage();
        return std::array<double, 4>{after.frame_s - before.frame_s,
                                     after.uplink_s - before.uplink_s,
                                     after.downlink_s - before.downlink_s,
                                     simulation.model().compute().seconds - computed_s};
    };
    const auto in_turn = cost(3, false), together = cost(3, true), apart = cost(1, true);
    CHECK(together[0] == Approx(in_turn[0] / 3));
    CHECK(apart[0] == Approx(in_turn[0]));
    for (const std::size_t payload : {1, 2}) {
        CHECK(together[payload] == Approx(in_turn[payload]));
        CHECK(apart[payload] == Approx(in_turn[payload]));
    }
    CHECK(together[3] < 0.5 * in_turn[3]);
    CHECK(together[3] > in_turn[3] / 3);  // caches and arithmetic are each one's own
}

TEST_CASE("over noise, tokens of one pass err as much as alone") {
    const auto nmse = [](const std::vector<std::vector<std::size_t>>& passes) {
        Config config = experiment("mmse");
        config.frame.max_vectors = 3;
        config.radio.snr_db = 20;
        config.radio.coherence_block_s = 1e6;  // one channel
        Simulation simulation(config, small_checkpoint(), nullptr);
        for (std::size_t sequence = 0; sequence < prompts.size(); ++sequence)
            prompt(simulation, sequence);
        simulation.model().reset_statistics();
        for (std::int64_t step = 0; step < decoded; ++step) {
            for (const auto& sequences : passes)
                decode(simulation, sequences, step);
        }
        return simulation.model().nmse();
    };
    // Of 72 vectors of 64 reals, drawn twice, the mean square errors differ by some percent.
    CHECK(nmse({{0, 1, 2}}) == Approx(nmse({{0}, {1}, {2}})).epsilon(0.1));
}

TEST_CASE("memory is counted over all sequences, and what is forgotten is free") {
    Config config = experiment("exact");
    const double slice = 4 * 3 * 64 * (8 * 8 + 4 * 8 + 3 * 80), a_token = 4 * 2 * 3 * 2 * 8;
    config.shares = {0.5, 0.5};
    for (auto& device : config.devices)
        device.memory_bytes = slice + 11 * a_token;
    Simulation simulation(config, small_checkpoint(), nullptr);
    CHECK(simulation.model().holds(11));
    CHECK_FALSE(simulation.model().holds(12));
    prompt(simulation, 0);
    prompt(simulation, 1);
    CHECK_THROWS_WITH(prompt(simulation, 2), Catch::Contains("devices[0].memory_bytes") &&
                                                 Catch::Contains("the KV cache of 12 tokens"));
    decode(simulation, {0, 1}, 0);
    simulation.model().forget(0);
    CHECK_NOTHROW(prompt(simulation, 2));
    CHECK_THROWS_AS(decode(simulation, {0}, 0), std::invalid_argument);
}

TEST_CASE("a pass of nothing, and a token beyond the context, are refused before any is computed") {
    Simulation simulation(experiment("exact"), small_checkpoint(), nullptr);
    prompt(simulation, 0);
    const Token token = 5;
    const std::vector<FreshTokens> beyond = {fresh(0, 4, {&token, 1}), fresh(1, 32, {&token, 1})};
    CHECK_THROWS_WITH(simulation.model().forward(beyond, simulation.medium()),
                      "the sequence needs 33 tokens, the context holds 32");
    CHECK_THROWS_AS(simulation.model().forward(gsl::span<const FreshTokens>(), simulation.medium()),
                    std::invalid_argument);
    CHECK(simulation.model().tokens() == 4);
}

}  // namespace
}  // namespace aircomp::runtime
