// SPDX-License-Identifier: GPL-3.0-or-later
// A device's clock by the server's headers: from the headers so far it predicts the phase and the
// offset that a burst has to correct.
#pragma once

#include "gnuradio/aircomp/phy/offset_tracker.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"

namespace gr::aircomp::phy {

/// What a burst corrects: by how much the device's oscillator is ahead of the server's at the
/// burst's first sample, rad, and how that grows, cycles per sample.
struct OscillatorCorrection {
    double phase = 0;
    double offset = 0;
};

/// The receiver of headers and the tracker of what they say.
class HeaderTracker {
public:
    /// For headers in windows of `window_samples` per antenna. Throws std::invalid_argument on a
    /// bad format or model, or a rate that is not above 0.
    HeaderTracker(const BurstFormat& format, std::size_t antennas, std::size_t window_samples,
                  const OscillatorModel& oscillator, double sample_rate_hz);

    /// The server's clock is set anew: forgets all headers.
    void begin_anew();

    /// A new coherence block: the next header is the phase's reference.
    void forget_phase();

    /// Looks for a header in `received`, [antennas, window_samples], a window that begins at sample
    /// `begin` of the server's clock, and learns from it.
    HeaderMeasurement hear(gsl::span<const Sample> received, double begin);

    /// For a burst that begins at sample `begin`. Throws std::logic_error before the first header.
    OscillatorCorrection predict(double begin) const;

private:
    double sample_rate_hz_;
    OscillatorModel oscillator_;
    HeaderReceiver receiver_;
    OffsetTracker tracker_;
};

}  // namespace gr::aircomp::phy
