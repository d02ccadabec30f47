// SPDX-License-Identifier: GPL-3.0-or-later
// The event loop of a daemon: sockets, what other threads hand over, and the clock that all of the
// daemon's timing goes by. Boost.Asio stays behind it.
//
// Everything of one Loop happens in the thread that runs it, but for Loop::post().
#pragma once

#include <functional>
#include <memory>

namespace aircomp::runtime::control {

/// Seconds since some beginning; never goes back.
using Clock = std::function<double()>;

/// std::chrono::steady_clock as one.
double steady_s();

/// Events, and the thread that waits for them.
class Loop {
public:
    /// `clock` is for tests, which move theirs between calls of poll().
    explicit Loop(Clock clock = steady_s);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    double now_s() const { return clock_(); }

    /// Handles events until `done()`, for at most `timeout_s`; returns done(). What an event's
    /// handler throws comes out here.
    bool run_until(const std::function<bool()>& done, double timeout_s);

    /// Handles what is there, and waits for nothing. Throws as above.
    void poll();

    /// Has `action` run by the loop's thread. From any thread.
    void post(std::function<void()> action);

    /// Calls `action` every so many seconds from now on. Turns that were missed are left out.
    void every(double interval_s, std::function<void()> action);

    /// Calls `action` at every SIGINT and SIGTERM from now on, which then do not end the process.
    void on_interrupt(const std::function<void()>& action);

    struct State;
    State& state() { return *state_; }

private:
    double next_turn_s() const;
    void take_turns();

    Clock clock_;
    std::unique_ptr<State> state_;
};

}  // namespace aircomp::runtime::control
