// SPDX-License-Identifier: GPL-3.0-or-later
// The life of one burst as a state machine, fed by what a driver hears from the radio.
#pragma once

#include <cstddef>

#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// waiting -> in_burst -> awaiting_acknowledgement -> an end, and from an end back to in_burst. The
/// first thing that goes wrong is what the burst is known for; what comes after it changes nothing.
class BurstTracker {
public:
    BurstState state() const { return state_; }
    /// Whether finish() would have anything to wait for.
    bool ended() const;

    /// A burst begins on so many channels. Throws std::logic_error while one is under way.
    void begin(std::size_t channels);
    /// The last sample was handed over.
    void handed_over();
    /// A channel has sent the whole burst. One that answers twice counts twice: drivers do not
    /// number their bursts.
    void acknowledged();
    void late() { fail(BurstState::late); }
    void underflowed() { fail(BurstState::underflowed); }
    void broken() { fail(BurstState::broken); }
    /// Waiting has taken too long.
    void timed_out() { fail(BurstState::unacknowledged); }

private:
    void fail(BurstState state);

    BurstState state_ = BurstState::waiting;
    std::size_t unanswered_ = 0;
};

}  // namespace aircomp::runtime
