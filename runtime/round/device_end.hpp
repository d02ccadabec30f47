// SPDX-License-Identifier: GPL-3.0-or-later
// A device's end of the air, the same over simulated and real radios. From the server's headers it
// predicts its oscillator; from its partial it makes the burst, corrected by that prediction.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/header_tracker.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round/round_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

/// What the tracking of a device's oscillator starts from.
phy::OscillatorModel oscillator_model(double linewidth_hz, double carrier_offset_hz);
/// The same over the configuration's radios.
phy::OscillatorModel oscillator_model(const RadiosConfig& radios);

class DeviceEnd {
public:
    /// For headers in windows of `header_window` samples. Throws std::invalid_argument on a bad
    /// format or payload.
    DeviceEnd(const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
              std::size_t device, const phy::OscillatorModel& oscillator,
              std::size_t header_window);

    std::size_t antennas() const { return transmitter_.antennas(); }

    /// What it knows of its oscillator by the server's headers.
    phy::HeaderTracker& headers() { return headers_; }
    const phy::HeaderTracker& headers() const { return headers_; }

    /// Looks for a header in `received`, [antennas, header_window], a window that begins at `begin`
    /// of the server's clock; notes in `report` what came of it, and returns whether it was found.
    bool hear(gsl::span<const phy::Sample> received, double begin, DeviceReport& report);

    /// What the device sends in a round: its part of a sounding, with full power from every
    /// antenna, [antennas, sounding_samples], or the burst of `partial`, [antennas, burst_samples].
    /// Notes in `report` what is in it.
    void write_burst(const RoundOrder& order, const DeviceSettings& settings,
                     gsl::span<const float> partial, const phy::OscillatorCorrection& correction,
                     std::vector<phy::Sample>& samples, DeviceReport& report);

private:
    phy::BurstFormat format_;
    std::size_t device_;
    double sample_rate_hz_;
    double max_power_w_;
    double clip_level_;
    phy::Preprocessor transmitter_;
    phy::HeaderTracker headers_;
};

}  // namespace aircomp::runtime
