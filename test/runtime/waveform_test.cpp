// SPDX-License-Identifier: GPL-3.0-or-later
// The waveform medium beside equation (4): true and estimated channels, one path and several.
#include <cmath>
#include <random>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/runtime/media.hpp"
#include "exact_sum.hpp"
#include "media/waveform_air.hpp"
#include "radio_cell.hpp"
#include "support/catch.hpp"
#include "waveform_format.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t length = 1024;

Config testbed(double snr_db, int paths) {
    Config config = default_config(4);
    config.medium = AirMedium::waveform;
    config.radio.snr_db = snr_db;
    config.radio.server_antennas = 4;
    config.radio.downlink = Downlink::free;
    config.waveform.paths = paths;
    config.waveform.timing_offset = 4;
    return config;
}

Calibration unit_calibration() {
    SiteStatistics site;
    site.vectors = 1;
    site.partial_power.assign(4, 1);
    site.residual_power = 1;
    return {std::vector<SiteStatistics>(4, site), std::vector<SiteStatistics>(4, site)};
}

std::unique_ptr<Medium> medium_of(const Config& config) {
    return make_medium(config, length, std::vector<bool>(4, true), unit_calibration());
}

/// NMSE over `rounds` vectors of independent Gaussian reals.
double nmse_of(Medium& medium, std::int64_t rounds) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    double error = 0, signal = 0;
    for (std::int64_t round = 0; round < rounds; ++round) {
        std::vector<std::vector<float>> partials(4, std::vector<float>(length));
        for (auto& partial : partials) {
            for (float& value : partial)
                value = normal(generator);
        }
        const std::vector<float> residual(length, 1.0F);
        SumRequest request;
        request.site = {1, SiteKind::mlp};
        request.position = 1;
        request.length = length;
        request.partials = partials;
        request.residual = residual;
        std::vector<float> truth(length), sum(length);
        exact_sum(request, truth);
        medium.all_reduce(request, sum);
        for (std::size_t i = 0; i < truth.size(); ++i) {
            error += std::pow(static_cast<double>(sum[i]) - truth[i], 2);
            signal += std::pow(static_cast<double>(truth[i]), 2);
        }
    }
    return error / signal;
}

/// (4) of the design for the channels that the first coherence block really has, mean over the
/// subcarriers.
double expected_nmse(const Config& config) {
    RadioCell cell(config, std::vector<bool>(4, true));
    cell.enter_block(0);
    const auto format = burst_format(config);
    const auto plan = phy::carrier_plan(format);
    WaveformAir air(config, format, path_gains(config), cell.noise_power_w());
    air.set_channels(cell.block().channels, derive_seed(config.seed, 14, 0));
    optimizer::TransceiverProblem problem;
    problem.second_moments.assign(4, 1);
    problem.streams = config.radio.streams;
    problem.noise_power_w = cell.noise_power_w();
    for (const auto& device : config.devices)
        problem.power_w.push_back(device.max_power_w);
    optimizer::DesignOptions options;
    double sum = 0;
    for (const int frequency : plan.used_frequency) {
        problem.channels.clear();
        for (std::size_t n = 0; n < 4; ++n) {
            Eigen::MatrixXcd h(config.radio.server_antennas, 2);
            for (Eigen::Index r = 0; r < h.rows(); ++r) {
                for (Eigen::Index t = 0; t < 2; ++t) {
                    h(r, t) = air.uplink_emulator().response(
                        static_cast<std::size_t>(r), 2 * n + static_cast<std::size_t>(t),
                        frequency / static_cast<double>(format.fft_size));
                }
            }
            problem.channels.push_back(h);
        }
        const auto design = optimizer::design_mmse(problem, options);
        options.warm_start = design.transceiver.combiner;
        sum += optimizer::normalized_mean_square_error(problem, design.transceiver);
    }
    return sum / static_cast<double>(plan.used_frequency.size());
}

double db(double ratio) {
    return 10 * std::log10(ratio);
}

TEST_CASE("the waveform medium's error is that of equation (4)") {
    Config config = testbed(GENERATE(0, 10, 20, 30), GENERATE(1, 4));
    CAPTURE(config.radio.snr_db, config.waveform.paths);
    const double expected = expected_nmse(config);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    const auto perfect = medium_of(config);
    const double known = db(nmse_of(*perfect, 12) / expected);
    CAPTURE(known);
    CHECK(std::abs(known) < 0.5);
    CHECK(perfect->usage().repeated_rounds == 0);
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
    const double residual = medium->usage().residual_phase_nmse / rounds;
    const double phase_deg =
        std::sqrt(medium->usage().residual_phase_rad2 / rounds) * 180 / 3.14159265;
    CAPTURE(found, expected, residual, phase_deg, medium->usage().coherence_blocks);
    CHECK(medium->usage().repeated_rounds == 0);
    CHECK(phase_deg > 0.1);
    CHECK(phase_deg < 12);
    CHECK(std::abs(db(found / (expected + residual))) < 0.5);
}

TEST_CASE("a device that sends nothing is named once all attempts have failed") {
    Config config = testbed(20, 1);
    config.waveform.silent_device = "device-3";
    config.waveform.attempts = 3;
    const auto medium = medium_of(config);
    CHECK_THROWS_WITH(nmse_of(*medium, 1),
                      "waveform: no whole round in 3 attempts: the sounding of device 'device-3' "
                      "was not found");
    CHECK(medium->usage().repeated_rounds == 3);
}

TEST_CASE("a header that a device cannot hear is repeated, and in the end it is named") {
    Config config = testbed(20, 1);
    config.waveform.carrier_offset_hz = 100;
    config.waveform.attempts = 2;
    config.radio.server_power_w = 1e-6;
    const auto medium = medium_of(config);
    CHECK_THROWS_WITH(nmse_of(*medium, 1),
                      Catch::Matchers::Contains("no whole round in 2 attempts: device 'device-1'"));
    CHECK(medium->usage().repeated_rounds == 2);
}

TEST_CASE("a confidence that no round can have repeats every round") {
    Config config = testbed(20, 1);
    config.waveform.least_confidence = 1;
    config.waveform.attempts = 2;
    config.radio.snr_db = 0;
    CHECK_THROWS_WITH(nmse_of(*medium_of(config), 1),
                      Catch::Matchers::Contains("the sum lacked a device"));
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
