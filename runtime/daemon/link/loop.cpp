// SPDX-License-Identifier: GPL-3.0-or-later
// The loop on Boost.Asio; tickers are its own, for Asio's timers know one clock alone.
#include "daemon/link/loop.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "daemon/link/sockets.hpp"

namespace aircomp::runtime::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

void wait_for_signal(asio::signal_set& signals, const std::function<void()>& action) {
    signals.async_wait([&signals, action](error_code error, int) {
        if (error) return;
        wait_for_signal(signals, action);
        action();
    });
}

}  // namespace

double steady_s() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

Loop::Loop(Clock clock) : clock_(std::move(clock)), state_(std::make_unique<State>()) {}
Loop::~Loop() = default;

bool Loop::run_until(const std::function<bool()>& done, double timeout_s) {
    const double deadline_s = now_s() + timeout_s;
    while (!done()) {
        const double now_s = this->now_s();
        if (now_s >= deadline_s) return false;
        const std::chrono::duration<double> wait(std::min(deadline_s, next_turn_s()) - now_s);
        if (wait.count() > 0) {
            state_->io.run_one_for(std::chrono::ceil<std::chrono::nanoseconds>(wait));
        } else {
            // What came while nobody looked is read before a watchdog counts the silence.
            state_->io.poll_one();
        }
        take_turns();
    }
    return true;
}

void Loop::poll() {
    state_->io.poll();
    take_turns();
}

void Loop::post(std::function<void()> action) {
    asio::post(state_->io, std::move(action));
}

// ---- turns ----

void Loop::every(double interval_s, std::function<void()> action) {
    state_->tickers.push_back({now_s() + interval_s, interval_s, std::move(action)});
}

double Loop::next_turn_s() const {
    double next_s = std::numeric_limits<double>::infinity();
    for (const Ticker& ticker : state_->tickers)
        next_s = std::min(next_s, ticker.due_s);
    return next_s;
}

/// Each ticker that is due has one turn, in the order in which they came due.
void Loop::take_turns() {
    const double now_s = this->now_s();
    while (next_turn_s() <= now_s) {
        const auto ticker =
            std::min_element(state_->tickers.begin(), state_->tickers.end(),
                             [](const Ticker& a, const Ticker& b) { return a.due_s < b.due_s; });
        ticker->due_s = now_s + ticker->interval_s;
        ticker->action();
    }
}

// ---- signals ----

void Loop::on_interrupt(const std::function<void()>& action) {
    wait_for_signal(state_->signals.emplace(state_->io, SIGINT, SIGTERM), action);
}

}  // namespace aircomp::runtime::control
