// SPDX-License-Identifier: GPL-3.0-or-later
// Random problems that the optimizer's tests and benchmarks share.
#pragma once

#include <cmath>

#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

struct ProblemSize {
    int devices = 8;
    int receive_antennas = 16;
    int transmit_antennas = 4;
    int streams = 4;
};

/// Rayleigh channels over path gains 10^-u, unit powers and moments, noise 1 / snr: the instances
/// of docs/optimizer.md section 2.
inline TransceiverProblem random_problem(Random& random, double snr_db, ProblemSize size = {}) {
    TransceiverProblem problem;
    for (int n = 0; n < size.devices; ++n) {
        Link link{size.receive_antennas, size.transmit_antennas, draw_path_gain(random), 0.0};
        problem.channels.push_back(draw_channel(link, random));
    }
    problem.power_w.assign(size.devices, 1.0);
    problem.second_moments.assign(size.devices, 1.0);
    problem.streams = size.streams;
    problem.noise_power_w = std::pow(10.0, -snr_db / 10.0);
    return problem;
}

}  // namespace aircomp::optimizer
