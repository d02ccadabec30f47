// SPDX-License-Identifier: GPL-3.0-or-later
// A waveform medium under independent vectors, and what equation (4) expects of it: for its tests
// and its experiments.
#pragma once

#include <cmath>
#include <random>

#include "air/radio_cell.hpp"
#include "air/waveform_air.hpp"
#include "aircomp/optimizer/design.hpp"
#include "coding/exact_sum.hpp"
#include "config/waveform_format.hpp"
#include "full_power.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::waveform_trial {

constexpr std::int64_t length = 1024;

inline Config testbed(double snr_db, int paths) {
    Config config = default_config(4);
    config.medium = AirMedium::waveform;
    config.radio.snr_db = snr_db;
    config.radio.server_antennas = 4;
    config.radio.downlink = "free";
    config.waveform.paths = paths;
    config.waveform.timing_offset = 4;
    return config;
}

inline std::unique_ptr<Medium> medium_of(const Config& config) {
    return make_medium(config, length, full_power(config), unit_calibration(4));
}

/// NMSE over `rounds` vectors of independent Gaussian reals.
inline double nmse_of(Medium& medium, std::int64_t rounds) {
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
        request.site = {0, SiteKind::mlp, 1};
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
inline double expected_nmse(const Config& config) {
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    const auto format = burst_format(config);
    const auto plan = phy::carrier_plan(format);
    WaveformAir air(config, format, path_gains(config), cell.noise_power_w());
    air.set_channels(cell.block().channels, derive_seed(config.seed, seed_for::paths));
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

inline double db(double ratio) {
    return 10 * std::log10(ratio);
}

}  // namespace aircomp::runtime::waveform_trial
