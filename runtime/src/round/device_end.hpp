// SPDX-License-Identifier: GPL-3.0-or-later
// A device's end of the air, the same over simulated and real radios: from the server's header to
// what the device's oscillator will be, and from its partial to the burst that takes that back.
#pragma once

#include <vector>

#include "gnuradio/aircomp/phy/offset_tracker.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

/// What a burst takes back: what the device's oscillator is ahead of the server's at its first
/// sample, rad, and how that grows, cycles per sample.
struct OscillatorCorrection {
    double phase = 0;
    double offset = 0;
};

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

    /// The server's clock is set anew: forgets all headers.
    void begin_anew();

    /// A new coherence block: the next header is the phase's reference.
    void forget_phase();

    /// Looks for a header in `received`, [antennas, header_window], a window that begins at sample
    /// `begin` of the server's clock, and learns from it.
    phy::HeaderMeasurement hear(gsl::span<const phy::Sample> received, double begin);

    /// For a burst that begins at sample `begin`. Throws std::logic_error before the first header.
    OscillatorCorrection predict(double begin) const;

    /// The device's part of a sounding burst with `power_w` from every antenna, [antennas,
    /// sounding_samples].
    phy::TransmitReport sounding_burst(double power_w, const OscillatorCorrection& correction,
                                       std::vector<phy::Sample>& samples);

    /// The burst of `vector`, divided by `scale`, [antennas, burst_samples].
    phy::TransmitReport data_burst(gsl::span<const float> vector, const DeviceSettings& settings,
                                   double scale, double clip_level,
                                   const OscillatorCorrection& correction,
                                   std::vector<phy::Sample>& samples);

private:
    phy::BurstFormat format_;
    std::size_t device_;
    double sample_rate_hz_;
    phy::OscillatorModel oscillator_;
    phy::Preprocessor transmitter_;
    phy::HeaderReceiver header_receiver_;
    phy::OffsetTracker tracker_;
};

}  // namespace aircomp::runtime
