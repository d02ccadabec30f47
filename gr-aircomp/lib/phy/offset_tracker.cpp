// SPDX-License-Identifier: GPL-3.0-or-later
// Kalman's filter of an oscillator's phase and offset.
#include "gnuradio/aircomp/phy/offset_tracker.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace gr::aircomp::phy {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr double unwrappable = (two_pi / 8) * (two_pi / 8);
constexpr double unknown_phase = 1e3;  // rad^2

}  // namespace

OffsetTracker::OffsetTracker(const OscillatorModel& model) : model_(model) {
    if (!(model.linewidth_hz >= 0 && model.offset_walk_hz2_per_s >= 0 &&
          model.initial_offset_hz > 0)) {
        throw std::invalid_argument(
            "offset tracker: expected a linewidth and a walk of at least 0 and an initial offset "
            "above 0");
    }
    state_ = {0, 0, unknown_phase, 0, model.initial_offset_hz * model.initial_offset_hz};
}

OffsetTracker::State OffsetTracker::advance(double seconds) const {
    const double turn = two_pi * seconds;  // rad per Hz
    const double walk = model_.offset_walk_hz2_per_s * seconds;
    State next = state_;
    next.phase += turn * state_.offset;
    next.p_phase += 2 * turn * state_.p_cross + turn * turn * (state_.p_offset + walk / 3) +
                    two_pi * model_.linewidth_hz * seconds;
    next.p_cross += turn * (state_.p_offset + walk / 2);
    next.p_offset += walk;
    return next;
}

void OffsetTracker::correct(double innovation, double variance, bool of_phase) {
    State& s = state_;
    const double total = (of_phase ? s.p_phase : s.p_offset) + variance;
    const double phase_gain = (of_phase ? s.p_phase : s.p_cross) / total;
    const double offset_gain = (of_phase ? s.p_cross : s.p_offset) / total;
    const State before = s;
    s.phase += phase_gain * innovation;
    s.offset += offset_gain * innovation;
    s.p_phase = before.p_phase - phase_gain * (of_phase ? before.p_phase : before.p_cross);
    s.p_cross = before.p_cross - offset_gain * (of_phase ? before.p_phase : before.p_cross);
    s.p_offset = before.p_offset - offset_gain * (of_phase ? before.p_cross : before.p_offset);
}

void OffsetTracker::update(double time_s, double phase, double phase_variance, double offset_hz,
                           double offset_variance_hz2) {
    if (!(phase_variance > 0 && offset_variance_hz2 > 0) || (time_s_ && time_s <= *time_s_)) {
        throw std::invalid_argument(
            "offset tracker: expected positive variances and a time after the last header's, found "
            "time " +
            std::to_string(time_s));
    }
    if (time_s_) state_ = advance(time_s - *time_s_);
    time_s_ = time_s;
    correct(offset_hz - state_.offset, offset_variance_hz2, false);
    if (!phase_known_ || state_.p_phase > unwrappable) {
        state_.phase = phase;
        state_.p_phase = phase_variance;
        state_.p_cross = 0;
        phase_known_ = true;
        return;
    }
    correct(std::remainder(phase - state_.phase, two_pi), phase_variance, true);
}

void OffsetTracker::forget_phase() {
    phase_known_ = false;
    state_.p_phase = unknown_phase;
    state_.p_cross = 0;
}

PhasePrediction OffsetTracker::predict(double time_s) const {
    if (!time_s_ || !phase_known_) {
        throw std::logic_error("offset tracker: no header was measured yet");
    }
    const State at = advance(time_s - *time_s_);
    return {at.phase, at.p_phase, at.offset, at.p_offset};
}

}  // namespace gr::aircomp::phy
