// SPDX-License-Identifier: GPL-3.0-or-later
// The paths between any two antennas of an air, the same in both directions.
#pragma once

#include <vector>

#include "air_config.hpp"

namespace gr::aircomp::virtual_radio {

/// An antenna of a board of the air.
struct Antenna {
    std::size_t board, antenna;
};

/// Paths between two antennas during the coherence block `block`, whatever the direction; none
/// where they do not hear each other. A function of the seed and its arguments alone.
std::vector<phy::Path> link_paths(const AirConfig& config, Antenna a, Antenna b,
                                  std::int64_t block);

}  // namespace gr::aircomp::virtual_radio
