// SPDX-License-Identifier: GPL-3.0-or-later
// Transitions between the states of a burst.
#include "radio/burst_tracker.hpp"

#include <stdexcept>
#include <string>

namespace aircomp::runtime {

bool BurstTracker::ended() const {
    return state_ != BurstState::in_burst && state_ != BurstState::awaiting_acknowledgement;
}

void BurstTracker::begin(std::size_t channels) {
    if (!ended()) {
        throw std::logic_error(std::string("a burst begins while another is ") + to_string(state_));
    }
    state_ = BurstState::in_burst;
    unanswered_ = channels;
}

void BurstTracker::handed_over() {
    if (state_ != BurstState::in_burst) return;
    state_ = unanswered_ == 0 ? BurstState::acknowledged : BurstState::awaiting_acknowledgement;
}

void BurstTracker::acknowledged() {
    if (ended() || unanswered_ == 0) return;
    --unanswered_;
    if (unanswered_ == 0 && state_ == BurstState::awaiting_acknowledgement)
        state_ = BurstState::acknowledged;
}

void BurstTracker::fail(BurstState state) {
    if (!ended()) state_ = state;
}

const char* to_string(BurstState state) {
    switch (state) {
        case BurstState::waiting:
            return "waiting";
        case BurstState::in_burst:
            return "in burst";
        case BurstState::awaiting_acknowledgement:
            return "awaiting acknowledgement";
        case BurstState::acknowledged:
            return "acknowledged";
        case BurstState::late:
            return "late";
        case BurstState::underflowed:
            return "underflowed";
        case BurstState::broken:
            return "broken";
        case BurstState::unacknowledged:
            return "unacknowledged";
        case BurstState::refused:
            return "refused";
    }
    return "unknown";
}

}  // namespace aircomp::runtime
