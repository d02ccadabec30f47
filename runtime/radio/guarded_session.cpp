// SPDX-License-Identifier: GPL-3.0-or-later
// The guard's word before each burst.
#include "radio/guarded_session.hpp"

#include <cmath>
#include <limits>

namespace aircomp::runtime {

GuardedSession::GuardedSession(std::unique_ptr<RadioSession> radio, bool transmit,
                               const TransmitLimits& limits, std::optional<double> full_scale_dbm,
                               std::function<TransmitGuard::Clock::time_point()> clock)
    : radio_(std::move(radio)),
      guard_(radio_->options(), transmit, limits, full_scale_dbm, std::move(clock)) {}

void GuardedSession::set_time_at_next_pulse(Ticks time) {
    guard_.begin_anew();
    radio_->set_time_at_next_pulse(time);
}

void GuardedSession::transmit(Ticks begin, gsl::span<const std::complex<float>> samples) {
    const auto length = static_cast<Ticks>(samples.size() / options().channels);
    guard_.check_burst(begin, begin + length, mean_dbfs(samples));
    radio_->transmit(begin, samples);
}

/// Of the loudest channel, before anything is clipped; a sample that is not a number makes it none.
double GuardedSession::mean_dbfs(gsl::span<const std::complex<float>> samples) const {
    const std::size_t count = samples.size() / options().channels;
    double loudest_w = 0;
    for (std::size_t channel = 0; channel < options().channels; ++channel) {
        double power_w = 0;
        for (const auto& sample : samples.subspan(channel * count, count))
            power_w += static_cast<double>(std::norm(sample)) / static_cast<double>(count);
        if (!(power_w <= loudest_w)) loudest_w = power_w;
        if (std::isnan(loudest_w)) break;
    }
    if (loudest_w == 0) return -std::numeric_limits<double>::infinity();
    return 10 * std::log10(loudest_w) + options().unit_power_dbfs;
}

}  // namespace aircomp::runtime
