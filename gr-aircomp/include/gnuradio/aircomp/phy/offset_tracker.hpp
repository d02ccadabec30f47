// SPDX-License-Identifier: GPL-3.0-or-later
// By how much a device's oscillator will be ahead of the server's at a later time: predicted from
// the headers so far.
#pragma once

#include <optional>

namespace gr::aircomp::phy {

/// How oscillators wander between headers.
struct OscillatorModel {
    /// Full width at half maximum of the line of both oscillators together, Hz: the phase walks
    /// with variance 2 pi linewidth per second.
    double linewidth_hz = 1;
    double offset_walk_hz2_per_s = 10;  ///< Variance that the offset gains in a second, Hz^2.
    double initial_offset_hz = 5000;    ///< Standard deviation before the first header.
};

/// A phase with its error.
struct PhasePrediction {
    double phase = 0;     ///< rad, unwrapped.
    double variance = 0;  ///< rad^2
    double offset_hz = 0;
    double offset_variance_hz2 = 0;
};

/// Kalman's filter for phase and offset: d phase = 2 pi offset dt + phase noise, d offset = walk.
/// One header's own offset is good for some 100 Hz only; the phases of successive headers make it
/// exact. A phase more uncertain than an eighth of a turn before its measurement is not taken for
/// unwrapped: then only the offset is measured, and the phase starts anew.
class OffsetTracker {
public:
    explicit OffsetTracker(const OscillatorModel& model = {});

    /// One header at `time_s`, later than the last. Throws std::invalid_argument otherwise or on a
    /// variance that is not positive.
    void update(double time_s, double phase, double phase_variance, double offset_hz,
                double offset_variance_hz2);

    /// The phase's origin is new (HeaderReceiver::reset()); what is known of the offset stays.
    void forget_phase();

    /// At `time_s`, at or after the last header. Throws std::logic_error before the first one.
    PhasePrediction predict(double time_s) const;

private:
    struct State {
        double phase, offset;               // rad, Hz
        double p_phase, p_cross, p_offset;  // covariance
    };
    State advance(double seconds) const;
    void correct(double innovation, double variance, bool of_phase);

    OscillatorModel model_;
    std::optional<double> time_s_;
    State state_;
    bool phase_known_ = false;
};

}  // namespace gr::aircomp::phy
