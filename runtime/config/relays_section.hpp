// SPDX-License-Identifier: GPL-3.0-or-later
// The section relays: those of the scheme hierarchical.
#pragma once

#include "config/section.hpp"

namespace aircomp::runtime {

/// Relays of the scheme hierarchical.
struct RelaysConfig {
    int count = 4;
    int antennas = 4;
    double power_w = 1;
    double path_gain = 0.3;           ///< To the server, mean; relays stand where it has them.
    double path_loss_exponent = 3.5;  ///< From path gains to distances and back.
};

const Keys<RelaysConfig>& relays_keys();

}  // namespace aircomp::runtime
