// SPDX-License-Identifier: GPL-3.0-or-later
// Precoders from precoded downlink pilots.
#include "aircomp/optimizer/distributed.hpp"

#include <cmath>
#include <stdexcept>

#include "best_precoder.hpp"

namespace aircomp::optimizer {
namespace {

void validate(const DistributedOptions& options) {
    const auto require = [](bool holds, const char* what, double found) {
        if (!holds) {
            throw std::invalid_argument("distributed options: " + std::string(what) + ", found " +
                                        std::to_string(found));
        }
    };
    require(std::isfinite(options.server_power_w) && options.server_power_w > 0.0,
            "server_power_w: expected above 0", options.server_power_w);
    require(std::isfinite(options.device_noise_power_w) && options.device_noise_power_w >= 0.0,
            "device_noise_power_w: expected 0 or more", options.device_noise_power_w);
    require(options.repetitions >= 1, "repetitions: expected at least 1", options.repetitions);
}

}  // namespace

Design design_distributed(const TransceiverProblem& problem, const Eigen::MatrixXcd& combiner,
                          const DistributedOptions& options, Random& random) {
    problem.validate();
    validate(options);
    const Eigen::MatrixXcd& A = combiner;
    const double combiner_power = A.squaredNorm();
    // Pilot l is a A^T e_l; over the L pilots of a repetition the mean power is the server's.
    const double pilot_gain = options.server_power_w * problem.streams / combiner_power;
    const double error_variance =
        combiner_power > 0.0 ? options.device_noise_power_w / (pilot_gain * options.repetitions)
                             : 0.0;
    Design design;
    design.transceiver.combiner = A;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const Eigen::MatrixXcd& H = problem.channels[n];
        const Eigen::MatrixXcd heard =
            A * H + std::sqrt(error_variance) * complex_normal(random, A.rows(), H.cols());
        // An error of variance e in every entry of A H costs L e ||B||^2, as one of L e / ||A||^2
        // in every entry of H would.
        const double as_channel_error =
            combiner_power > 0.0 ? problem.streams * error_variance / combiner_power : 0.0;
        PrecoderAnswer answer =
            best_precoder(heard, problem.power_w[n], problem.second_moments[n],
                          problem.error_variance(n) + as_channel_error, combiner_power);
        design.transceiver.precoders.push_back(std::move(answer.precoder));
        design.multipliers.push_back(answer.multiplier);
    }
    design.mse = mean_square_error(problem, design.transceiver);
    design.nmse = design.mse / signal_power(problem);
    return design;
}

ControlCost centralized_cost(int streams, std::int64_t antennas) {
    return {0, 0, 2 * streams * antennas};
}

ControlCost distributed_cost(int streams, int repetitions) {
    return {std::int64_t{streams} * repetitions, 2, 0};
}

}  // namespace aircomp::optimizer
