// SPDX-License-Identifier: GPL-3.0-or-later
// Safety on the air: a session around any other that lets nothing out which the configuration does
// not allow, and nothing at all once nobody leads.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "aircomp/runtime/config.hpp"
#include "aircomp/runtime/radio_session.hpp"

namespace aircomp::runtime {

/// Checks what does not depend on a burst: that carrier and bandwidth lie within an allowed range,
/// and gain and power within theirs. `full_scale_dbm` is from the radio's calibration, where it has
/// one. Throws std::runtime_error "radio 'NAME': KEY: expected ..., found ...".
void check_limits(const RadioOptions& options, const TransmitLimits& limits,
                  std::optional<double> full_scale_dbm);

class GuardedSession final : public RadioSession {
public:
    using Clock = std::chrono::steady_clock;

    /// `transmit` is whether anything may be sent at all. Checks limits before the first sample,
    /// where it may. `clock` is for tests.
    GuardedSession(std::unique_ptr<RadioSession> radio, bool transmit, const TransmitLimits& limits,
                   std::optional<double> full_scale_dbm,
                   std::function<Clock::time_point()> clock = Clock::now);

    /// The coordinator is alive: for another limits.watchdog_s transmissions are allowed. From any
    /// thread.
    void feed();

    const RadioOptions& options() const override { return radio_->options(); }
    std::vector<Ticks> last_pulse() override { return radio_->last_pulse(); }
    /// Also forgets when it has sent: those times mean nothing any more.
    void set_time_at_next_pulse(Ticks time) override;
    void tune(Ticks time) override { radio_->tune(time); }
    Ticks now() override { return radio_->now(); }
    /// Throws TransmissionRefused where transmission is off, the watchdog has not been fed, the
    /// burst is louder than allowed, or too much was sent in the second before its end.
    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override;
    BurstReport finish_burst() override { return radio_->finish_burst(); }
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        return radio_->receive(begin, samples);
    }

private:
    [[noreturn]] void refuse(const std::string& why) const;
    void check_power(gsl::span<const std::complex<float>> samples) const;
    void count_duty(Ticks begin, Ticks end);

    struct Sent {
        Ticks begin, end;
    };
    std::unique_ptr<RadioSession> radio_;
    bool transmit_;
    TransmitLimits limits_;
    std::optional<double> full_scale_dbm_;
    std::function<Clock::time_point()> clock_;
    std::atomic<Clock::time_point> fed_;
    std::deque<Sent> sent_;  // within the last second of radio time
};

}  // namespace aircomp::runtime
