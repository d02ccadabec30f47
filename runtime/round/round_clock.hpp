// SPDX-License-Identifier: GPL-3.0-or-later
// When rounds take place: times in integer ticks, as far ahead as the radios have to know them.
#pragma once

#include <optional>

#include "gnuradio/aircomp/phy/burst_format.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round/round_order.hpp"
#include "round/round_rules.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// Samples of a radio's window before and after what it is to hold: what radios' delays, cables and
/// paths may differ by.
constexpr std::size_t window_lead = 128;
constexpr std::size_t window_tail = 256;

/// To the nearest tick.
Ticks ticks_of(double seconds, double sample_rate_hz);

/// Samples of the burst that carries `payload`, per antenna.
std::size_t burst_samples(const phy::BurstFormat& format, const phy::Payload& payload);

/// What devices had of the server before a round.
struct HeaderBefore {
    /// The round's burst begins so long after the begin of its last header, or later.
    Ticks burst_after = 0;
    /// Where a header began that they have heard: the round has no other one.
    std::optional<Ticks> heard;
};

/// When a burst begins that is of no round, and its number among the rounds.
struct PlacedBurst {
    std::int64_t number = 0;
    Ticks begin = 0;
};

class RoundClock {
public:
    /// For sums of `payload`.
    RoundClock(const phy::BurstFormat& format, const phy::Payload& payload, double sample_rate_hz,
               const RoundTiming& timing);

    /// The next round; the clock now says `now`. On a grid, as long as rounds are ordered in time,
    /// their times follow from the first one's alone. `acquire` puts so many headers before the round
    /// that offsets of the configured size become known to a few Hz; one header tells them to some 100.
    RoundOrder next(bool sounding, bool acquire, Ticks now, const HeaderBefore& before = {});

    /// A burst of the server between rounds, of `samples`; the clock now says `now`. It begins once the
    /// devices have turned around behind their last burst, and on the same grid.
    PlacedBurst next_burst(Ticks samples, Ticks now);

    /// Number of the round that next() will order.
    std::int64_t next_number() const { return number_; }

    /// Radio time at the begin and at the end of the last round ordered.
    Ticks begin() const { return begin_; }
    Ticks end() const { return end_; }

private:
    void place(Ticks now);
    void end_at(Ticks end);
    void add_headers(RoundOrder& order, bool acquire) const;
    Ticks turnaround(bool sounding, bool acquire) const;

    RoundTiming timing_;
    Ticks header_, sounding_, burst_;  // samples of each
    Ticks first_gap_;
    Ticks begin_, end_, earliest_;
    std::int64_t number_ = 0;
};

}  // namespace aircomp::runtime
