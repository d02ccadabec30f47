// SPDX-License-Identifier: GPL-3.0-or-later
// How the server's messages are sent in a coherence block: streams, their directions, symbols and code,
// chosen for the device that hears worst.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/multicast.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

struct MulticastPlan {
    phy::Modulation modulation;
    std::vector<phy::Sample> beams;  ///< [server antennas, streams], columns of norm 1.
    std::size_t symbols = 0;         ///< OFDM symbols of a message.
};

/// The fewest symbols for messages of `message_bytes` to devices whose uplink channels are `sounding`'s,
/// reciprocal, and who hear noise of `noise_power_w`: every device whose sounding was found decodes them
/// by equal streams, linear receivers and bit_information(), were its signal-to-noise ratio `margin_db`
/// lower. Where none is enough, the slowest. `sounding` is of the burst format with a device for each of
/// the configuration's.
MulticastPlan plan_multicast(const Config& config, const phy::BurstFormat& format,
                             const phy::SoundingReport& sounding, double noise_power_w,
                             std::size_t message_bytes, double margin_db);

}  // namespace aircomp::runtime
