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

/// What a coherence block costs besides the sounding that both ways need.
struct ControlCost {
    std::int64_t pilot_channel_uses = 0;  ///< downlink
    std::int64_t broadcast_reals = 0;     ///< sent once, to all
    std::int64_t unicast_reals = 0;       ///< sent to single devices, together
};

struct DistributedDesign {
    Design design;            ///< what the devices end up with; mse over the true channels
    ControlCost distributed;  ///< L pilots, and the pilots' scale and ||A||^2
    ControlCost central;      ///< every B_n sent to its device
};

/// Lets every device answer the combiner of `central` from what it hears. With noiseless pilots the
/// precoders are the central ones. A device takes the noise of its estimate for channel error.
/// Throws std::invalid_argument on a bad problem or options.
DistributedDesign design_distributed(const TransceiverProblem& problem, const Design& central,
                                     const DistributedOptions& options, Random& random);

}  // namespace aircomp::optimizer
