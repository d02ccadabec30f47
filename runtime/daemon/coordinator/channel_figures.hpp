// SPDX-License-Identifier: GPL-3.0-or-later
// What a sounding says of the channel, for people.
#pragma once

#include <gsl/span>
#include <vector>

#include "gnuradio/aircomp/phy/sounder.hpp"

namespace aircomp::runtime::testbed {

namespace phy = gr::aircomp::phy;

/// Ratios in decibels. A condition is that of a matrix: its largest over its smallest singular
/// value, mean over the band, at most 200 dB.
struct ChannelFigures {
    /// By device: power_w times the channel's mean squared entry, over the noise; 0 where the
    /// device was not found.
    std::vector<double> snr_db;
    std::vector<double> condition_db;  ///< By device, of H_n; 0 where it was not found.
    double whole_condition_db = 0;     ///< Of all that were found, side by side.
};

/// `power_w` is what each device may transmit with, [devices]; estimates are of so many used
/// subcarriers and antennas of the server. The sounding has to be one that was found.
ChannelFigures channel_figures(const phy::SoundingReport& sounding, gsl::span<const double> power_w,
                               std::size_t used_subcarriers, std::size_t server_antennas);

}  // namespace aircomp::runtime::testbed
