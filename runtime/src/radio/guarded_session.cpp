// SPDX-License-Identifier: GPL-3.0-or-later
// What may go on the air, and when.
#include "radio/guarded_session.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

constexpr double duty_window_s = 1;
constexpr auto never = GuardedSession::Clock::time_point::min();

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
    if (options.transmit_gain_db > limits.most_gain_db) {
        throw std::runtime_error(place + "transmit_gain_db: expected at most " +
                                 "radios.limits.most_gain_db (" + to_text(limits.most_gain_db) +
                                 " dB), found " + to_text(options.transmit_gain_db) + " dB");
    }
    if (limits.most_power_dbm && !full_scale_dbm) {
        throw std::runtime_error(place + "calibration: expected a file, for without one " +
                                 "radios.limits.most_power_dbm cannot be kept, found none");
    }
}

GuardedSession::GuardedSession(std::unique_ptr<RadioSession> radio, bool transmit,
                               const TransmitLimits& limits, std::optional<double> full_scale_dbm,
                               std::function<Clock::time_point()> clock)
    : radio_(std::move(radio)),
      transmit_(transmit),
      limits_(limits),
      full_scale_dbm_(full_scale_dbm),
      clock_(std::move(clock)),
      fed_(never) {
    if (transmit_) check_limits(radio_->options(), limits_, full_scale_dbm_);
}

void GuardedSession::feed() {
    fed_ = clock_();
}

void GuardedSession::set_time_at_next_pulse(Ticks time) {
    sent_.clear();
    radio_->set_time_at_next_pulse(time);
}

void GuardedSession::refuse(const std::string& why) const {
    throw TransmissionRefused("radio '" + options().name + "' refuses to transmit: " + why);
}

void GuardedSession::transmit(Ticks begin, gsl::span<const std::complex<float>> samples) {
    if (!transmit_) refuse("radios.transmit is off");
    const auto fed = fed_.load();
    if (fed == never || clock_() - fed > std::chrono::duration<double>(limits_.watchdog_s)) {
        refuse("nobody has led for radios.limits.watchdog_s (" + to_text(limits_.watchdog_s) +
               " s)");
    }
    check_power(samples);
    count_duty(begin, begin + static_cast<Ticks>(samples.size() / options().channels));
    radio_->transmit(begin, samples);
}

void GuardedSession::check_power(gsl::span<const std::complex<float>> samples) const {
    const std::size_t count = samples.size() / options().channels;
    for (std::size_t channel = 0; channel < options().channels; ++channel) {
        double power_w = 0;
        for (const auto& sample : samples.subspan(channel * count, count))
            power_w += static_cast<double>(std::norm(sample)) / static_cast<double>(count);
        if (power_w == 0) continue;
        const double dbfs = 10 * std::log10(power_w) + options().unit_power_dbfs;
        if (!(dbfs <= limits_.most_mean_dbfs)) {
            refuse("a burst of " + to_text(dbfs) + " dBFS, above radios.limits.most_mean_dbfs (" +
                   to_text(limits_.most_mean_dbfs) + " dBFS)");
        }
        if (limits_.most_power_dbm && *full_scale_dbm_ + dbfs > *limits_.most_power_dbm) {
            refuse("a burst of " + to_text(*full_scale_dbm_ + dbfs) +
                   " dBm, above radios.limits.most_power_dbm (" + to_text(*limits_.most_power_dbm) +
                   " dBm)");
        }
    }
}

void GuardedSession::count_duty(Ticks begin, Ticks end) {
    const auto window = static_cast<Ticks>(duty_window_s * options().sample_rate_hz);
    while (!sent_.empty() && sent_.front().end <= end - window)
        sent_.pop_front();
    Ticks on_air = end - begin;
    for (const Sent& burst : sent_)
        on_air += burst.end - std::max(burst.begin, end - window);
    const double duty = static_cast<double>(on_air) / static_cast<double>(window);
    if (duty > limits_.most_duty) {
        refuse("on the air for " + to_text(duty) + " of a second, above radios.limits.most_duty (" +
               to_text(limits_.most_duty) + ")");
    }
    sent_.push_back({begin, end});
}

}  // namespace aircomp::runtime
