// SPDX-License-Identifier: GPL-3.0-or-later
// A device's place in an air: what keeps its boards for it, and the air's clock as it sees it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

#include "air_clock.hpp"

namespace gr::aircomp::virtual_radio {

/// The server of an air does not answer any more: its radios are as if their cable was pulled.
class AirGone : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Keeps the boards as long as it lives; let go of it before the air. Any thread may call.
class Seat {
public:
    virtual ~Seat() = default;

    /// Air time, which may go on at once.
    virtual Ticks peek() = 0;
    /// Air time. An event clock stands from now on, until wait() or rest().
    virtual Ticks now() = 0;
    /// As now(), for a program that wants to know the time. Where it looks again and again and an
    /// event clock has not moved, time goes on to the next multiple of `step`.
    virtual Ticks look(Ticks step) = 0;
    /// Returns at `until`, or earlier, as where `changed` is notified; unlocks `lock` meanwhile.
    virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                      Ticks until) = 0;
    /// An event clock need not wait for this device until it is used again, or called.
    virtual void rest() = 0;
    /// An event clock has to wait for the devices of these boards: they are about to be used.
    virtual void call(const std::vector<std::size_t>& boards) = 0;
};

/// Of an air whose clock is the wall's, scaled: waits for nobody.
class ScaledSeat final : public Seat {
public:
    ScaledSeat(const AirClock& clock, std::shared_ptr<void> boards)
        : clock_(clock), boards_(std::move(boards)) {}

    Ticks peek() override { return clock_.now(); }
    Ticks now() override { return clock_.now(); }
    Ticks look(Ticks) override { return clock_.now(); }
    void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
              Ticks until) override {
        changed.wait_until(lock, clock_.wall(until));
    }
    void rest() override {}
    void call(const std::vector<std::size_t>&) override {}

private:
    const AirClock clock_;
    const std::shared_ptr<void> boards_;
};

/// A member of an event clock, in this process or behind a socket. One thread at a time.
class Membership {
public:
    virtual ~Membership() = default;

    virtual Ticks peek() = 0;
    virtual Ticks hold() = 0;
    /// Returns at `until`, with the time.
    virtual Ticks wait(Ticks until) = 0;
    virtual void rest() = 0;
    virtual void call(const std::vector<std::size_t>& boards) = 0;
};

/// Of an air with an event clock. Threads of one device take turns: one that waits keeps the others
/// waiting. Where the air is gone, time goes on as the wall's does.
class EventSeat final : public Seat {
public:
    EventSeat(std::unique_ptr<Membership> member, double tick_rate_hz)
        : member_(std::move(member)), tick_rate_hz_(tick_rate_hz) {}

    Ticks peek() override;
    Ticks now() override;
    Ticks look(Ticks step) override;
    void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
              Ticks until) override;
    void rest() override;
    void call(const std::vector<std::size_t>& boards) override;

private:
    void see(Ticks now);
    Ticks held();
    Ticks look_again(Ticks step);
    void pass(Ticks until);
    template <typename Ask>
    void ask(Ask&& question);

    std::mutex mutex_;
    const std::unique_ptr<Membership> member_;
    const double tick_rate_hz_;
    bool holds_ = false;           ///< Nobody but this device can move the clock.
    Ticks now_ = 0;                ///< Last known.
    int looks_ = 0;                ///< In a row, at a clock that stands.
    std::optional<AirClock> own_;  ///< Once the air is gone.
};

}  // namespace gr::aircomp::virtual_radio
