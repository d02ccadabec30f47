// SPDX-License-Identifier: GPL-3.0-or-later
// The section accuracy: what sums over the air may cost a language model.
#pragma once

#include "config/section.hpp"

namespace aircomp::runtime {

struct AccuracyConfig {
    /// Expected divergence that the way up may cost in any coherence block, nats a token; 0: no
    /// target, every block has radio.streams streams.
    double max_uplink_loss_nats = 0;
    double max_loss_nats = 0.01;  ///< That the scheme auto may have, way up and down together.
    int max_repetitions = 4;      ///< Of a vector, where one transmission misses the target.
};

const Keys<AccuracyConfig>& accuracy_keys();

}  // namespace aircomp::runtime
