// SPDX-License-Identifier: GPL-3.0-or-later
// One testbed's all-reduces for a model of given dimensions, without its weights: what a token
// would cost, and how true the sums are.
#pragma once

#include "engine/simulation.hpp"

namespace aircomp::runtime {

struct LinkTrial {
    TokenCost cost;
    double nmse = 0;  ///< Of all sums as the server has them, against exact ones.
    double clipped_fraction = 0;
};

/// Decodes `tokens` >= 1 tokens, of which each finds `position` others in the KV cache. Partials
/// are independent Gaussian vectors, drawn from the configuration's seed, of the power that each
/// device's share has; medium, channels and arithmetic are charged as in a Simulation. Throws
/// std::invalid_argument or std::runtime_error where configuration and dimensions do not fit.
/// `bytes_per_weight`: 2 is bfloat16. `loss_per_nmse`: nats that an NMSE of one costs, of which
/// accuracy.max_uplink_loss_nats is a target; 0: there is no target.
LinkTrial run_link_trial(const Config& config, const inference::ModelConfig& dimensions,
                         std::int64_t tokens, std::int64_t position, double bytes_per_weight = 2,
                         double loss_per_nmse = 0);

}  // namespace aircomp::runtime
