// SPDX-License-Identifier: GPL-3.0-or-later
// The one clock of an emulated air.
#include "air_clock.hpp"

#include <algorithm>
#include <cmath>

namespace gr::aircomp::virtual_radio {

Ticks floor_modulo(Ticks number, Ticks divisor) {
    return ((number % divisor) + divisor) % divisor;
}

Ticks floor_divide(Ticks number, Ticks divisor) {
    return (number - floor_modulo(number, divisor)) / divisor;
}

Ticks AirClock::now() const {
    const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Wall::now() - start);
    // 64 bits of mantissa: exact to the tick for centuries.
    return static_cast<Ticks>(
        std::floor(static_cast<long double>(passed.count()) * 1e-9L * time_scale * tick_rate_hz));
}

Ticks AirClock::from_seconds(double radio_seconds) const {
    constexpr double century_s = 3e9;
    return std::llround(std::clamp(radio_seconds, -century_s, century_s) * tick_rate_hz);
}

AirClock::Wall::time_point AirClock::wall(Ticks tick) const {
    const long double seconds = static_cast<long double>(tick) / tick_rate_hz / time_scale;
    constexpr long double longest_s = 3e9L;  // what nanoseconds in 64 bits can count, and more
    const auto nanoseconds =
        static_cast<std::int64_t>(std::ceil(std::min(seconds, longest_s) * 1e9L));
    return start + std::chrono::nanoseconds(nanoseconds);
}

Ticks AirClock::pulse_period() const {
    return std::max<Ticks>(1, std::llround(tick_rate_hz * time_scale));
}

Ticks AirClock::look_period() const {
    return std::max<Ticks>(1, from_seconds(1e-3));
}

}  // namespace gr::aircomp::virtual_radio
