// SPDX-License-Identifier: GPL-3.0-or-later
// What carrying sums has cost: every medium charges it, every result reports it.
#pragma once

#include <cstdint>
#include <vector>

namespace aircomp::runtime {

/// What carrying the sums has cost so far, in simulated time and in radio resources.
struct LinkUsage {
    double uplink_s = 0;
    double downlink_s = 0;
    double sounding_s = 0;
    double control_s = 0;
    std::int64_t all_reduces = 0;  ///< Vectors summed.
    std::int64_t uplink_channel_uses = 0;
    std::int64_t sounding_channel_uses = 0;
    std::int64_t coherence_blocks = 0;  ///< For which the channel was sounded.
    std::int64_t clipped_reals = 0;     ///< Values beyond the transmitters' range.
    std::int64_t repeated_rounds = 0;   ///< Whose header, sounding or sum was not found.
    /// Of the medium waveform with free-running oscillators, summed over all_reduces: what is left
    /// of the devices' phases (squares, mean over the devices, rad^2), and its cost by (13) over
    /// the power of the sum.
    double residual_phase_rad2 = 0;
    double residual_phase_nmse = 0;
    std::vector<double> transmit_energy_j;  ///< Per device, data and sounding.
    double relay_energy_j = 0;              ///< Transmitted by all relays, data and sounding.

    double total_s() const { return uplink_s + downlink_s + sounding_s + control_s; }
};

}  // namespace aircomp::runtime
