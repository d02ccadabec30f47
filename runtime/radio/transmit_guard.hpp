// SPDX-License-Identifier: GPL-3.0-or-later
// Safety on the air: lets nothing out of a radio which the configuration does not allow, and
// nothing at all once nobody leads.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>

#include "config/config.hpp"
#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// Checks what does not depend on a burst: that carrier and bandwidth lie within an allowed range,
/// and gain and power within theirs. `full_scale_dbm` is from the radio's calibration, where it has
/// one. Throws TransmissionRefused "radio 'NAME': KEY: expected ..., found ...".
void check_limits(const RadioOptions& options, const TransmitLimits& limits,
                  std::optional<double> full_scale_dbm);

class TransmitGuard {
public:
    using Clock = std::chrono::steady_clock;

    /// `transmit` is whether anything may be sent at all. Checks limits before the first sample,
    /// where it may. `clock` is for tests.
    TransmitGuard(const RadioOptions& options, bool transmit, const TransmitLimits& limits,
                  std::optional<double> full_scale_dbm,
                  std::function<Clock::time_point()> clock = Clock::now);

    /// The coordinator is alive: for another limits.watchdog_s transmissions are allowed. From any
    /// thread.
    void feed();

    /// The clock is set anew: forgets when the radio has sent.
    void begin_anew() { sent_.clear(); }

    /// Before each burst, whose loudest channel has a mean of `mean_dbfs`. Throws
    /// std::runtime_error where transmission is off, the watchdog has not been fed, the burst is
    /// louder than allowed, or too much was sent in the second before its end.
    void check_burst(Ticks begin, Ticks end, double mean_dbfs);

    /// Above it, check_burst() throws.
    double max_mean_dbfs() const;
    /// The part of check_burst() that is about loudness.
    void check_level(double mean_dbfs) const;

private:
    [[noreturn]] void refuse(const std::string& why) const;
    void count_duty(Ticks begin, Ticks end);

    struct Sent {
        Ticks begin, end;
    };
    std::string name_;
    double sample_rate_hz_;
    bool transmit_;
    TransmitLimits limits_;
    std::optional<double> full_scale_dbm_;
    std::function<Clock::time_point()> clock_;
    std::atomic<Clock::time_point> fed_;
    std::deque<Sent> sent_;  // within the last second of radio time
};

}  // namespace aircomp::runtime
