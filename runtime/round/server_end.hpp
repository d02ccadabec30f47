// SPDX-License-Identifier: GPL-3.0-or-later
// The server's end of the air, the same over simulated and real radios: the header out, and the
// windows in which soundings and sums come back.
#pragma once

#include <vector>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "round/round_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

class ServerEnd {
public:
    /// `lead` and `tail` are the samples of a window before and after what it is to hold. Throws
    /// std::invalid_argument on a bad format or payload.
    ServerEnd(const phy::BurstFormat& format, const phy::Payload& payload, std::size_t antennas,
              double header_power_w, std::size_t lead, std::size_t tail);

    /// The reference header, of one antenna.
    gsl::span<const phy::Sample> header() const { return header_; }
    /// Samples per antenna of the windows that sound() and sum() take.
    std::size_t sounding_window() const { return sounding_window_; }
    std::size_t burst_window() const { return burst_window_; }

    /// The channels that a sounding shows, [antennas, sounding_window()]; `power_w` is what each
    /// device sounded with, 0 for one that did not. Valid until the next call.
    const phy::SoundingReport& sound(gsl::span<const phy::Sample> received,
                                     gsl::span<const double> power_w);

    /// Writes the sum that a round's window carries, [antennas, burst_window()], to `sum`; valid
    /// until the next call.
    const phy::ReceiveReport& sum(gsl::span<const phy::Sample> received,
                                  const ServerSettings& settings, double scale,
                                  gsl::span<float> sum);

private:
    std::vector<phy::Sample> header_;
    std::size_t sounding_window_, burst_window_;
    phy::Sounder sounder_;
    phy::Postprocessor receiver_;
};

/// What a sounding says; found where every device is that sounds, those with a `power_w` above 0.
void add_sounding(const phy::SoundingReport& sounding, gsl::span<const double> power_w,
                  ServerReport& report);

/// What a sum's receiver says.
void add_sum(const phy::ReceiveReport& received, ServerReport& report);

}  // namespace aircomp::runtime
