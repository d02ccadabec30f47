// SPDX-License-Identifier: GPL-3.0-or-later
// The one clock of an emulated air: whole ticks since the air began, driven by the host's monotonic
// clock, which all processes of a host share.
#pragma once

#include <chrono>
#include <cstdint>

namespace gr::aircomp::virtual_radio {

/// Time in periods of the master clock.
using Ticks = std::int64_t;

/// Quotient rounded down, remainder >= 0, for a divisor above 0.
Ticks floor_divide(Ticks number, Ticks divisor);
Ticks floor_modulo(Ticks number, Ticks divisor);

struct AirClock {
    using Wall = std::chrono::steady_clock;

    Wall::time_point start;       ///< Tick 0.
    double tick_rate_hz = 200e6;  ///< Of radio time.
    double time_scale = 1;        ///< Seconds of radio time a second of the wall clock; 1 where
                                  ///< an event clock counts the ticks.

    Ticks now() const;
    Ticks from_seconds(double radio_seconds) const;
    Wall::time_point wall(Ticks tick) const;
    /// From one edge of the pulse per second to the next: a second of the wall clock, so that
    /// programs which wait for it on theirs see it come.
    Ticks pulse_period() const;
    /// A millisecond of radio time: what a program that asks for the time again and again waits for.
    Ticks look_period() const;
};

}  // namespace gr::aircomp::virtual_radio
