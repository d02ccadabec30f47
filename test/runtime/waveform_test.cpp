// SPDX-License-Identifier: GPL-3.0-or-later
// The waveform medium beside equation (4): true and estimated channels, one path and several.
#include "waveform_trial.hpp"

#include "schemes/entries.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

using namespace waveform_trial;

TEST_CASE("the waveform medium's error is that of equation (4)") {
    Config config = testbed(GENERATE(0, 10, 20, 30), GENERATE(1, 4));
    CAPTURE(config.radio.snr_db, config.waveform.paths);
    const double expected = expected_nmse(config);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    const auto perfect = medium_of(config);
    const double known = db(nmse_of(*perfect, 12) / expected);
    CAPTURE(known);
    CHECK(std::abs(known) < 0.5);
    CHECK(perfect->usage().of(repeated_rounds) == 0);
    config.radio.channel_knowledge = ChannelKnowledge::estimated;
    CHECK(db(nmse_of(*medium_of(config), 12) / expected) < known + 1);
}

TEST_CASE("free-running oscillators cost what equation (13) says of the phase they leave") {
    Config config = testbed(GENERATE(10, 20, 30), 1);
    CAPTURE(config.radio.snr_db);
    config.waveform.carrier_offset_hz = 2000;
    config.waveform.linewidth_hz = 1;
    const double expected = expected_nmse(config);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    const auto medium = medium_of(config);
    constexpr int rounds = 40;
    const double found = nmse_of(*medium, rounds);
    const double residual = medium->usage().of(residual_phase_nmse) / rounds;
    const double phase_deg =
        std::sqrt(medium->usage().of(residual_phase_rad2) / rounds) * 180 / 3.14159265;
    CAPTURE(found, expected, residual, phase_deg, medium->usage().coherence_blocks);
    CHECK(medium->usage().of(repeated_rounds) == 0);
    CHECK(phase_deg > 0.1);
    CHECK(phase_deg < 12);
    // For the noise of 40 rounds, and what a phase's square leaves out of its cosine.
    CHECK(std::abs(db(found / (expected + residual))) < 0.3);
}

/// NMSE of rounds between which devices compute for 0.5 ms.
double nmse_beside_computing(const Config& config, int rounds) {
    const auto medium = medium_of(config);
    double total = 0;
    for (int i = 0; i < rounds; ++i) {
        total += nmse_of(*medium, 1) / rounds;
        medium->elapse(0.5e-3);
    }
    CHECK(medium->usage().of(repeated_rounds) == 0);
    return total;
}

TEST_CASE(
    "sums keep their error with short frames: a way down for a header, bursts bare, three "
    "periods") {
    Config config = testbed(20, GENERATE(1, 4));
    config.waveform.carrier_offset_hz = 2000;
    // An oscillator that is ten times worse walks while the message's symbols follow their header.
    const auto [linewidth_hz, most_db] =
        GENERATE(std::pair(0.01, 0.3), std::pair(0.1, 0.5), std::pair(1.0, 1.5));
    config.waveform.linewidth_hz = linewidth_hz;
    config.radio.downlink = "multicast";
    CAPTURE(config.waveform.paths, config.waveform.linewidth_hz);
    const double with_headers = nmse_beside_computing(config, 40);
    config.frame.reference = Reference::downlink;
    config.frame.burst_preamble = false;
    config.frame.sync_periods = 3;
    const double with_short_frames = nmse_beside_computing(config, 40);
    CAPTURE(with_headers, with_short_frames);
    CHECK(db(with_short_frames / with_headers) < most_db);
}

TEST_CASE(
    "what the air brings down is what was sent, over paths that move and oscillators that drift") {
    Config config = testbed(20, GENERATE(1, 3));
    config.radio.downlink = "multicast";
    config.radio.downlink_bits = 8;
    if (GENERATE(false, true)) {
        config.waveform.carrier_offset_hz = 2000;
        config.waveform.linewidth_hz = 0.1;
        config.radio.doppler_hz = 5;
    }
    const auto medium = medium_of(config);
    config.radio.downlink = "free";
    const double free = nmse_of(*medium_of(config), 20);
    // 8 bits over a range of some 3.5 deviations cost 6e-5.
    CHECK(nmse_of(*medium, 20) < 2 * free + 1e-4);
    CHECK(medium->usage().downlink_s > 0);
}

TEST_CASE("a message that a device could not decode is sent again, more slowly") {
    Config config = testbed(20, 1);
    config.radio.downlink = "multicast";
    config.radio.downlink_bits = 8;
    config.radio.doppler_hz = 60;  // what was learned for a block is soon wrong
    const auto medium = medium_of(config);
    for (int i = 0; i < 40; ++i) {
        nmse_of(*medium, 1);
        medium->elapse(1e-3);
    }
    CHECK(medium->usage().of(repeated_messages) > 0);
}

TEST_CASE("a server that nobody hears is an error that names a device") {
    Config config = testbed(20, 1);
    config.radio.downlink = "multicast";
    config.radio.server_power_w = 1e-7;
    config.waveform.attempts = 2;
    CHECK_THROWS_WITH(
        nmse_of(*medium_of(config), 1),
        "waveform: no message of the server reached all devices in 2 attempts: the last "
        "did not reach device-1");
}

TEST_CASE("a residual offset, of which no device knows, costs what equation (13) says") {
    Config config = testbed(20, 1);
    config.waveform.residual_offset_hz = 200;
    config.frame.turnaround_s = 100e-6;
    const double expected = expected_nmse(config);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    const auto medium = medium_of(config);
    constexpr int rounds = 12;
    const double found = nmse_of(*medium, rounds);
    const double residual = medium->usage().of(residual_phase_nmse) / rounds;
    CAPTURE(found, expected, residual);
    CHECK(residual > 0.3 * expected);
    CHECK(std::abs(db(found / (expected + residual))) < 0.5);
}

/// NMSE of rounds 2 ms apart, over several coherence blocks.
double nmse_over_time(const Config& config) {
    const auto medium = medium_of(config);
    double total = 0;
    constexpr int rounds = 100;
    for (int i = 0; i < rounds; ++i) {
        total += nmse_of(*medium, 1) / rounds;
        medium->elapse(2e-3);
    }
    return total;
}

TEST_CASE("channels that move cost the waveform medium no more than the symbol medium") {
    Config config = testbed(30, GENERATE(1, 4));
    config.radio.doppler_hz = 5;
    config.radio.knowledge_age_s = GENERATE(0.0, 10e-3);
    CAPTURE(config.waveform.paths, config.radio.knowledge_age_s);
    const double waveform = nmse_over_time(config);
    config.medium = AirMedium::symbol;
    const double symbol = nmse_over_time(config);
    config.radio.doppler_hz = 0;
    const double still = nmse_over_time(config);
    CAPTURE(waveform, symbol, still);
    CHECK(symbol > 2 * still);
    // Tracking pilots take out what all channels' turns have in common.
    CHECK(db(waveform / symbol) < 0.5);
    CHECK(db(waveform / symbol) > -2.5);
}

TEST_CASE("oscillators are tracked over channels that move") {
    Config config = testbed(20, 1);
    config.radio.doppler_hz = 5;
    const double tied = nmse_over_time(config);
    config.waveform.carrier_offset_hz = 2000;
    config.waveform.linewidth_hz = 0.01;
    const double free_running = nmse_over_time(config);
    CAPTURE(tied, free_running);
    CHECK(free_running > tied);
    CHECK(free_running < 10 * tied);
}

TEST_CASE("a device that sends nothing is named once all attempts have failed") {
    Config config = testbed(20, 1);
    config.waveform.silent_device = "device-3";
    config.waveform.attempts = 3;
    const auto medium = medium_of(config);
    CHECK_THROWS_WITH(
        nmse_of(*medium, 1),
        "waveform: no whole round in 3 attempts: server: did not find the sounding of "
        "device 'device-3'");
    CHECK(medium->usage().of(repeated_rounds) == 3);
}

TEST_CASE("a header that a device cannot hear is repeated, and in the end it is named") {
    Config config = testbed(20, 1);
    config.waveform.carrier_offset_hz = 100;
    config.waveform.attempts = 2;
    config.radio.server_power_w = 1e-6;
    const auto medium = medium_of(config);
    CHECK_THROWS_WITH(nmse_of(*medium, 1),
                      Catch::Contains("no whole round in 2 attempts: device 'device-1'"));
    CHECK(medium->usage().of(repeated_rounds) == 2);
}

TEST_CASE("a confidence that no round can have repeats every round") {
    Config config = testbed(20, 1);
    config.waveform.min_confidence = 1;
    config.waveform.attempts = 2;
    config.radio.snr_db = 0;
    CHECK_THROWS_WITH(nmse_of(*medium_of(config), 1), Catch::Contains("the sum lacked a device"));
}

TEST_CASE("a device that drops out of a round is missing from its sum") {
    Config config = testbed(20, 1);
    constexpr int rounds = 60;
    const double clean = nmse_of(*medium_of(config), rounds);
    config.waveform.dropout = 0.2;
    const auto medium = medium_of(config);
    const double lacking = nmse_of(*medium, rounds);
    CAPTURE(clean, lacking);
    CHECK(medium->usage().of(repeated_rounds) == 0);
    // Each of independent partials is missing with that probability; 48 of 240 are, give or take 6.
    CHECK(lacking - clean == Approx(config.waveform.dropout).epsilon(0.3));
}

TEST_CASE("pilots show that a device dropped out, and repeated rounds make the sum whole") {
    Config config = testbed(20, 1);
    config.radio.coherence_block_s = 1;  // repeats take time, and other channels other errors
    constexpr int rounds = 40;
    const auto whole = medium_of(config);
    const double clean = nmse_of(*whole, rounds);
    config.waveform.dropout = 0.2;
    config.waveform.min_confidence = 0.5;
    config.waveform.attempts = 50;
    const auto medium = medium_of(config);
    const double repeated = nmse_of(*medium, rounds);
    const Ledger &usage = medium->usage(), &before = whole->usage();
    const double repeats = usage.of(repeated_rounds);
    CAPTURE(clean, repeated, repeats);
    CHECK(std::abs(db(repeated / clean)) < 0.5);
    // A round is whole with 0.8^4, so that 40 of them take 58 more, give or take 12.
    CHECK(repeats > 34);
    CHECK(repeats < 82);
    CHECK(usage.uplink_s == Approx(before.uplink_s * (rounds + repeats) / rounds));
    // The channel is sounded again from the third attempt on.
    CHECK(usage.sounding_s > 2 * before.sounding_s);
    CHECK(usage.control_s > 2 * before.control_s);
}

TEST_CASE("every impairment adds to the error, none drowns the sum") {
    Config config = testbed(30, 1);
    config.waveform.timing_offset = 0;
    const double clean = nmse_of(*medium_of(config), 6);
    WaveformConfig& waveform = config.waveform;
    double most = 0.1;
    SECTION("sampling offset") {
        waveform.sampling_offset_ppm = 20;
    }
    SECTION("branches") {
        waveform.iq_gain_db = 1, waveform.iq_phase_deg = 5;
    }
    SECTION("clipping") {
        waveform.transmit_range = 1.2;
    }
    SECTION("converters") {
        waveform.transmit_range = waveform.receive_range = 4;
        waveform.dac_bits = waveform.adc_bits = 5;
    }
    SECTION("phase noise") {
        waveform.linewidth_hz = 50, most = 0.5;
    }
    const double impaired = nmse_of(*medium_of(config), 6);
    CAPTURE(clean, impaired);
    CHECK(impaired > 1.1 * clean);
    CHECK(impaired < most);
}

}  // namespace
}  // namespace aircomp::runtime
