// SPDX-License-Identifier: GPL-3.0-or-later
// What the ends of the air are told for the rounds of one coherence block: plain values that the
// coordinator designs, and that can travel in a message.
#pragma once

#include <cstddef>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// One device's, for the sites of one kind.
struct DeviceSettings {
    std::vector<phy::Sample> precoders;  ///< B_n, [resource blocks, antennas, streams].
    double second_moment = 0;            ///< v_n; 0: the device stays silent.
    double preamble_power_w = 0;         ///< Of its first antenna.
    double power_w = 0;                  ///< tr(v_n B_n B_n^H), mean over the resource blocks.
};

/// The server's, for the sites of one kind.
struct ServerSettings {
    std::vector<phy::Sample> combiners;        ///< A, [resource blocks, streams, server antennas].
    std::vector<phy::Sample> pilot_reference;  ///< As phy::ReceiveSettings has it.
    double smallest_part = 1;                  ///< As phy::ReceiveSettings has it.
    std::vector<double> parts;  ///< Of the devices in the pilots' power-weighted mean, sum 1.
    /// What (13) weighs the phases of each device's antennas by, [antennas, antennas]: turning
    /// antenna t by a small phi_t costs sum_tu phi_t phi_u path_power(t, u), mean over the resource
    /// blocks.
    std::vector<std::vector<double>> path_power;
    std::ptrdiff_t channel_reference = 0;  ///< As phy::ReceiveSettings has it.
    double nmse = 0;  ///< Equation (4) over the sum's power, mean over the resource blocks.
};

struct RoundSettings {
    std::vector<DeviceSettings> devices;
    ServerSettings server;
};

}  // namespace aircomp::runtime
