// SPDX-License-Identifier: GPL-3.0-or-later
// The minimum mean-square error filter of the sounder: what a channel with short delays may look
// like across the subcarriers.
#pragma once

#include <map>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// W = R (R + e I)^-1 for the correlation R between used subcarriers, of unit power, and the
/// estimates' noise-to-signal ratio e.
class DelayFilter {
public:
    explicit DelayFilter(const BurstFormat& format);

    /// W, [used, used]. Ratios are rounded to whole decibels, and every one that was met is kept.
    const std::vector<Sample>& weights(double noise_to_signal);

private:
    std::vector<Sample> compute(double noise_to_signal) const;

    std::vector<int> frequency_;
    std::vector<std::complex<double>> correlation_;  // by difference of frequencies, 0 .. fft_size
    std::map<int, std::vector<Sample>> known_;       // by decibels
};

}  // namespace gr::aircomp::phy
