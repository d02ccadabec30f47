// SPDX-License-Identifier: GPL-3.0-or-later
// When rounds take place: their times on a grid, as far ahead as the radios have to know them.
#pragma once

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/burst_format.hpp"
#include "round/round_order.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// Samples of a window before and after what it is to hold: what radios' delays, cables and paths
/// may differ by.
constexpr std::size_t window_lead = 128;
constexpr std::size_t window_tail = 256;

class RoundClock {
public:
    /// `burst_samples` is the length of a data burst. No round begins before `start`.
    RoundClock(const Config& config, const phy::BurstFormat& format, std::size_t burst_samples,
               Ticks start);

    /// The next round; the clock now says `now`. As long as rounds are ordered in time, their times
    /// follow from the first one's alone. `acquire` puts so many headers before the round that
    /// offsets of the configured size become known to a few Hz; one header tells them to some 100.
    RoundOrder next(bool sounding, bool acquire, Ticks now);

    /// Number of the round that next() will order.
    std::int64_t next_number() const { return number_; }

    /// Radio time at the end of the last round ordered.
    Ticks end() const { return end_; }

private:
    Ticks ticks(double seconds) const;

    phy::BurstFormat format_;
    double sample_rate_hz_;
    Ticks lead_, interval_, turnaround_;
    std::size_t burst_samples_;
    Ticks end_, earliest_;
    std::int64_t number_ = 0;
};

}  // namespace aircomp::runtime
