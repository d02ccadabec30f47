// SPDX-License-Identifier: GPL-3.0-or-later
// What may go on the air, and when.
#include "radio/transmit_guard.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

constexpr double duty_window_s = 1;
constexpr auto never = TransmitGuard::Clock::time_point::min();

template <typename T>
std::string to_text(const T& value) {
    std::ostringstream text;
    text.precision(10);
    text << value;
    return text.str();
}

std::string to_text(const std::vector<FrequencyRange>& ranges) {
    std::string list;
    for (const auto& range : ranges) {
        list +=
            (list.empty() ? "" : ", ") + to_text(range.low_hz) + " to " + to_text(range.high_hz);
    }
    return list.empty() ? "none" : list;
}

}  // namespace

void check_limits(const RadioOptions& options, const TransmitLimits& limits,
                  std::optional<double> full_scale_dbm) {
    const std::string place = "radio '" + options.name + "': ";
    const double low = options.frequency_hz - options.sample_rate_hz / 2;
    const double high = options.frequency_hz + options.sample_rate_hz / 2;
    const bool allowed = std::any_of(
        limits.frequency_ranges.begin(), limits.frequency_ranges.end(),
        [&](const auto& range) { return range.low_hz <= low && high <= range.high_hz; });
    if (!allowed) {
        throw std::runtime_error(place + "radios.frequency_hz: expected the band within " +
                                 "radios.limits.frequency_ranges_hz (" +
                                 to_text(limits.frequency_ranges) + " Hz), found " + to_text(low) +
                                 " to " + to_text(high) + " Hz");
    }
    if (options.transmit_gain_db > limits.max_gain_db) {
        throw std::runtime_error(place + "transmit_gain_db: expected at most " +
                                 "radios.limits.max_gain_db (" + to_text(limits.max_gain_db) +
                                 " dB), found " + to_text(options.transmit_gain_db) + " dB");
    }
    if (limits.max_power_dbm && !full_scale_dbm) {
        throw std::runtime_error(place + "calibration: expected a file, for without one " +
                                 "radios.limits.max_power_dbm cannot be kept, found none");
    }
}

TransmitGuard::TransmitGuard(const RadioOptions& options, bool transmit,
                             const TransmitLimits& limits, std::optional<double> full_scale_dbm,
                             std::function<Clock::time_point()> clock)
    : name_(options.name),
      sample_rate_hz_(options.sample_rate_hz),
      transmit_(transmit),
      limits_(limits),
      full_scale_dbm_(full_scale_dbm),
      clock_(std::move(clock)),
      fed_(never) {
    if (transmit_) check_limits(options, limits_, full_scale_dbm_);
}

void TransmitGuard::feed() {
    fed_ = clock_();
}

void TransmitGuard::refuse(const std::string& why) const {
    throw TransmissionRefused("radio '" + name_ + "' refuses to transmit: " + why);
}

void TransmitGuard::check_burst(Ticks begin, Ticks end, double mean_dbfs) {
    if (!transmit_) refuse("radios.transmit is off");
    const auto fed = fed_.load();
    if (fed == never || clock_() - fed > std::chrono::duration<double>(limits_.watchdog_s)) {
        refuse("nobody has led for radios.limits.watchdog_s (" + to_text(limits_.watchdog_s) +
               " s)");
    }
    check_level(mean_dbfs);
    count_duty(begin, end);
}

double TransmitGuard::max_mean_dbfs() const {
    return limits_.max_power_dbm && full_scale_dbm_
               ? std::min(limits_.max_mean_dbfs, *limits_.max_power_dbm - *full_scale_dbm_)
               : limits_.max_mean_dbfs;
}

void TransmitGuard::check_level(double mean_dbfs) const {
    if (!(mean_dbfs <= limits_.max_mean_dbfs)) {
        refuse("a burst of " + to_text(mean_dbfs) + " dBFS, above radios.limits.max_mean_dbfs (" +
               to_text(limits_.max_mean_dbfs) + " dBFS)");
    }
    if (limits_.max_power_dbm && *full_scale_dbm_ + mean_dbfs > *limits_.max_power_dbm) {
        refuse("a burst of " + to_text(*full_scale_dbm_ + mean_dbfs) +
               " dBm, above radios.limits.max_power_dbm (" + to_text(*limits_.max_power_dbm) +
               " dBm)");
    }
}

void TransmitGuard::count_duty(Ticks begin, Ticks end) {
    const auto window = static_cast<Ticks>(duty_window_s * sample_rate_hz_);
    while (!sent_.empty() && sent_.front().end <= end - window)
        sent_.pop_front();
    Ticks on_air = end - begin;
    for (const Sent& burst : sent_)
        on_air += burst.end - std::max(burst.begin, end - window);
    const double duty = static_cast<double>(on_air) / static_cast<double>(window);
    if (duty > limits_.max_duty) {
        refuse("on the air for " + to_text(duty) + " of a second, above radios.limits.max_duty (" +
               to_text(limits_.max_duty) + ")");
    }
    sent_.push_back({begin, end});
}

}  // namespace aircomp::runtime
