// SPDX-License-Identifier: GPL-3.0-or-later
// Distributed design: the server broadcasts L pilots precoded by A^T on a calibrated reciprocal
// downlink, every device hears its own (A H_n)^T and computes its own precoder from it (6).
#pragma once

#include <cstdint>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/random.hpp"

namespace aircomp::optimizer {

struct DistributedOptions {
    double server_power_w = 1.0;        ///< of each pilot channel use
    double device_noise_power_w = 0.0;  ///< per device antenna; 0: noiseless pilots
    int repetitions = 1;                ///< of the L pilots
};

/// Lets every device answer a combiner from what it hears of it through the channels of `problem`.
/// A device takes the noise of its estimate for channel error. With noiseless pilots the answers
/// are the best ones: those of design_mmse and design_alternating, where the combiner is theirs.
/// The design's mse is over the channels of `problem`. Throws std::invalid_argument on a bad
/// problem or options.
Design design_distributed(const TransceiverProblem& problem, const Eigen::MatrixXcd& combiner,
                          const DistributedOptions& options, Random& random);

/// What bringing one design to the devices costs, besides the sounding that both ways need.
struct ControlCost {
    std::int64_t pilot_channel_uses = 0;  ///< downlink
    std::int64_t broadcast_reals = 0;     ///< sent once, to all
    std::int64_t unicast_reals = 0;       ///< sent to single devices, together
};

/// Every B_n sent to its device; the devices have `antennas` together.
ControlCost centralized_cost(int streams, std::int64_t antennas);

/// The pilots, and their scale and ||A||^2, whatever the devices are.
ControlCost distributed_cost(int streams, int repetitions);

}  // namespace aircomp::optimizer
