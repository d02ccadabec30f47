// SPDX-License-Identifier: GPL-3.0-or-later
// A device's end of the air, the same over simulated and real radios. From the server's headers it
// predicts its oscillator; from its partial it makes the burst, corrected by that prediction.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/header_tracker.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

/// What the tracking of a device's oscillator starts from, over radios.
phy::OscillatorModel oscillator_model(const RadiosConfig& radios);

class DeviceEnd {
public:
    /// For headers in windows of `header_window` samples. Throws std::invalid_argument on a bad
    /// format or payload.
    DeviceEnd(const phy::BurstFormat& format, const phy::Payload& payload, std::size_t device,
              const phy::OscillatorModel& oscillator, double sample_rate_hz,
              std::size_t header_window);

    std::size_t antennas() const { return transmitter_.antennas(); }
    /// Samples of a data burst, per antenna.
    std::size_t burst_samples() const { return transmitter_.burst_samples(); }

    /// What it knows of its oscillator by the server's headers.
    phy::HeaderTracker& headers() { return headers_; }
    const phy::HeaderTracker& headers() const { return headers_; }

    /// The device's part of a sounding burst with `power_w` from every antenna, [antennas,
    /// sounding_samples].
    phy::TransmitReport sounding_burst(double power_w, const phy::OscillatorCorrection& correction,
                                       std::vector<phy::Sample>& samples);

    /// The burst of `vector`, divided by `scale`, [antennas, burst_samples].
    phy::TransmitReport data_burst(gsl::span<const float> vector, const DeviceSettings& settings,
                                   double scale, double clip_level,
                                   const phy::OscillatorCorrection& correction,
                                   std::vector<phy::Sample>& samples);

private:
    phy::BurstFormat format_;
    std::size_t device_;
    phy::Preprocessor transmitter_;
    phy::HeaderTracker headers_;
};

}  // namespace aircomp::runtime
