// SPDX-License-Identifier: GPL-3.0-or-later
// Radio time that goes only as far as all who use it have come: it stands while one of them
// computes, and leaps to the first time that one of them waits for once none does. Nothing is late
// on a busy machine, and nothing waits for the wall's clock.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>

#include "air_clock.hpp"

namespace gr::aircomp::virtual_radio {

/// The rule, of which docs/decisions/0019-event-clock.md has the reasons. A member is at rest, holds
/// the clock, or waits. While one holds it, time stands. Otherwise it is the first time that one
/// waits for, and whoever has waited for it holds the clock. Any thread may call.
class EventClock {
public:
    using Wall = std::chrono::steady_clock;
    /// Takes the time. Called with the clock locked: must not call it.
    using Due = std::function<void(Ticks now)>;

    /// Who has held it for `patience` of the wall's clock while another waits is taken for dead or
    /// stopped. `wall` is for tests.
    explicit EventClock(Wall::duration patience, std::function<Wall::time_point()> wall = Wall::now)
        : patience_(patience), wall_(std::move(wall)) {}
    EventClock(const EventClock&) = delete;
    EventClock& operator=(const EventClock&) = delete;

    /// One who takes part, at rest at first; ends before the clock.
    class Member {
    public:
        explicit Member(EventClock& clock);
        /// Whatever it held or waited for is let go.
        ~Member();
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;

        /// Holds the clock from now on; returns the time.
        Ticks hold();
        /// Holds the clock no more; `due` is called once it is `until`, from when on the member
        /// holds it again. Takes the place of what it has waited for so far.
        void wait(Ticks until, Due due);
        /// Neither holds the clock nor waits, until one of these calls.
        void rest();
        /// Holds the clock where it is at rest: another one is about to make it do something.
        void call();

    private:
        friend class EventClock;
        enum class State { resting, holding, waiting };

        EventClock& clock_;
        State state_ = State::resting;
        Wall::time_point since_;  ///< Holding.
        Ticks until_ = 0;         ///< Waiting.
        Due due_;
        std::list<Member*>::iterator place_;
    };

    Ticks now() const;
    /// Takes the hold from those who have used up the patience; to be called now and then.
    void release_silent();

private:
    void begin_hold(Member& member);
    void advance();

    const Wall::duration patience_;
    const std::function<Wall::time_point()> wall_;
    mutable std::mutex mutex_;
    Ticks now_ = 0;
    std::list<Member*> members_;
};

}  // namespace gr::aircomp::virtual_radio
