// SPDX-License-Identifier: GPL-3.0-or-later
// Headers into the offset tracker, its predictions into corrections.
#include "gnuradio/aircomp/phy/header_tracker.hpp"

#include <stdexcept>
#include <string>

namespace gr::aircomp::phy {

HeaderTracker::HeaderTracker(const BurstFormat& format, std::size_t antennas,
                             std::size_t window_samples, const OscillatorModel& oscillator,
                             double sample_rate_hz)
    : sample_rate_hz_(sample_rate_hz),
      oscillator_(oscillator),
      receiver_(format, antennas, window_samples),
      tracker_(oscillator) {
    if (!(sample_rate_hz > 0)) {
        throw std::invalid_argument("header tracker: sample rate: expected above 0 Hz, found " +
                                    std::to_string(sample_rate_hz));
    }
}

void HeaderTracker::begin_anew() {
    receiver_.reset();
    tracker_ = OffsetTracker(oscillator_);
}

void HeaderTracker::forget_phase() {
    receiver_.reset();
    tracker_.forget_phase();
}

HeaderMeasurement HeaderTracker::hear(gsl::span<const Sample> received, double begin) {
    const auto heard = receiver_.measure(received);
    if (!heard.found) return heard;
    // The header shows the server's oscillator relative to the device's.
    tracker_.update((begin + heard.middle_samples) / sample_rate_hz_, -heard.phase,
                    heard.phase_variance, -heard.sync.offset * sample_rate_hz_,
                    heard.sync.offset_variance * sample_rate_hz_ * sample_rate_hz_);
    return heard;
}

OscillatorCorrection HeaderTracker::predict(double begin) const {
    const auto at = tracker_.predict(begin / sample_rate_hz_);
    return {at.phase, at.offset_hz / sample_rate_hz_};
}

}  // namespace gr::aircomp::phy
