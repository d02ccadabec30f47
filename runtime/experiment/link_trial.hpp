// SPDX-License-Identifier: GPL-3.0-or-later
// One testbed's all-reduces for a model of given dimensions, without its weights: what a token
// would cost, and how true the sums are.
#pragma once

#include "engine/simulation.hpp"

namespace aircomp::runtime {

struct TrialOptions {
    std::int64_t tokens = 1;      ///< Decoded of each conversation, at least 1.
    std::int64_t position = 0;    ///< How many others each of them finds in the KV cache.
    double bytes_per_weight = 2;  ///< 2 is bfloat16.
    /// Nats that an NMSE of one costs, of which accuracy.max_uplink_loss_nats is a target; 0: there
    /// is no target.
    double loss_per_nmse = 0;
    /// At least 1: a token of each goes through the model at once, and frame.max_vectors of their
    /// vectors share frames.
    std::int64_t conversations = 1;
    std::int64_t prompt_tokens = 0;  ///< Of a prompt whose first token is timed; 0: of none.
};

struct LinkTrial {
    TokenCost cost;   ///< Of a token: one of several conversations has its part of what they share.
    double nmse = 0;  ///< Of all sums as the server has them, against exact ones.
    double clipped_fraction = 0;
    /// From a prompt to the logits behind it. The first frame.max_vectors vectors go through the
    /// medium; the others are charged as these.
    double first_token_s = 0;
};

/// Partials are independent Gaussian vectors, drawn from the configuration's seed, of the power that
/// each device's share has; medium, channels and arithmetic are charged as in a Simulation. Throws
/// std::invalid_argument or std::runtime_error where configuration and dimensions do not fit.
LinkTrial run_link_trial(const Config& config, const inference::ModelConfig& dimensions,
                         const TrialOptions& options);

}  // namespace aircomp::runtime
