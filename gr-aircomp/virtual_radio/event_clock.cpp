// SPDX-License-Identifier: GPL-3.0-or-later
// Radio time that goes only as far as all who use it have come.
#include "event_clock.hpp"

#include <algorithm>
#include <optional>

namespace gr::aircomp::virtual_radio {

EventClock::Member::Member(EventClock& clock) : clock_(clock) {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    place_ = clock_.members_.insert(clock_.members_.end(), this);
}

EventClock::Member::~Member() {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    clock_.members_.erase(place_);
    clock_.advance();
}

Ticks EventClock::Member::hold() {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    clock_.begin_hold(*this);
    return clock_.now_;
}

void EventClock::Member::wait(Ticks until, Due due) {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    state_ = State::waiting;
    until_ = until;
    due_ = std::move(due);
    clock_.advance();
}

void EventClock::Member::rest() {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    state_ = State::resting;
    clock_.advance();
}

void EventClock::Member::call() {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    if (state_ == State::resting) clock_.begin_hold(*this);
}

Ticks EventClock::now() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now_;
}

void EventClock::begin_hold(Member& member) {
    member.state_ = Member::State::holding;
    member.since_ = wall_();
}

/// Goes on where nobody holds it. One whose time has come holds it before its thread knows, so that
/// time cannot run away from it.
void EventClock::advance() {
    std::optional<Ticks> next;
    for (const Member* member : members_) {
        if (member->state_ == Member::State::holding) {
            // Time that has come already holds nobody up.
            next.reset();
            break;
        }
        if (member->state_ == Member::State::waiting)
            next = std::min(next.value_or(member->until_), member->until_);
    }
    if (next) now_ = std::max(now_, *next);
    for (Member* member : members_) {
        if (member->state_ != Member::State::waiting || member->until_ > now_) continue;
        begin_hold(*member);
        member->due_(now_);
    }
}

void EventClock::release_silent() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto waits = [](const Member* m) { return m->state_ == Member::State::waiting; };
    if (std::none_of(members_.begin(), members_.end(), waits)) return;
    const Wall::time_point now = wall_();
    for (Member* member : members_) {
        if (member->state_ == Member::State::holding && now - member->since_ > patience_)
            member->state_ = Member::State::resting;
    }
    advance();
}

}  // namespace gr::aircomp::virtual_radio
