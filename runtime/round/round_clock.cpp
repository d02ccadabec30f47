// SPDX-License-Identifier: GPL-3.0-or-later
// Times of headers and bursts.
#include "round/round_clock.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::runtime {
namespace {

constexpr int acquisition_headers = 24;
constexpr double first_gap_s = 100e-6;

}  // namespace

Ticks ticks_of(double seconds, double sample_rate_hz) {
    return static_cast<Ticks>(std::llround(seconds * sample_rate_hz));
}

std::size_t burst_samples(const phy::BurstFormat& format, const phy::Payload& payload) {
    return format.burst_samples(format.data_symbols(payload.length, payload.streams));
}

RoundClock::RoundClock(const phy::BurstFormat& format, const phy::Payload& payload,
                       double sample_rate_hz, const RoundTiming& timing)
    : timing_(timing),
      header_(static_cast<Ticks>(format.header_samples())),
      sounding_(static_cast<Ticks>(format.sounding_samples())),
      burst_(static_cast<Ticks>(burst_samples(format, payload))),
      first_gap_(ticks_of(first_gap_s, sample_rate_hz)),
      begin_(timing.start),
      end_(timing.start),
      earliest_(timing.start) {}

RoundOrder RoundClock::next(bool sounding, bool acquire, Ticks now, const HeaderBefore& before) {
    place(now);
    RoundOrder order;
    order.number = number_++;
    order.sounding = sounding;
    order.burst = begin_;
    if (before.heard) {
        order.headers.push_back(*before.heard);
    } else if (timing_.headers) {
        add_headers(order, acquire);
        order.burst = order.headers.back() + header_ + timing_.header_gap;
    }
    if (!before.heard) order.burst += turnaround(sounding, acquire);
    if (!order.headers.empty())
        order.burst = std::max(order.burst, order.headers.back() + before.burst_after);
    end_at(order.burst + (sounding ? sounding_ : burst_) + timing_.tail);
    return order;
}

PlacedBurst RoundClock::next_burst(Ticks samples, Ticks now) {
    earliest_ = std::max(earliest_, end_ + timing_.sum_turnaround);
    place(now);
    end_at(begin_ + samples + timing_.tail);
    return {number_++, begin_};
}

void RoundClock::end_at(Ticks end) {
    end_ = end;
    earliest_ = end_ + timing_.interval;
}

void RoundClock::place(Ticks now) {
    if (timing_.interval == 0) {
        begin_ = now + timing_.lead;
        return;
    }
    begin_ = earliest_;
    // Behind time: whole intervals are left out.
    if (const Ticks behind = now + timing_.lead - begin_; behind > 0)
        begin_ += (behind + timing_.interval - 1) / timing_.interval * timing_.interval;
}

void RoundClock::add_headers(RoundOrder& order, bool acquire) const {
    order.headers.push_back(begin_);
    for (int i = 1; acquire && i < acquisition_headers; ++i) {
        // Further and further apart, as the offset known so far allows to count the turns.
        const int longer = 1 + i / 4;
        order.headers.push_back(order.headers.back() + header_ + timing_.header_gap +
                                longer * first_gap_);
    }
}

Ticks RoundClock::turnaround(bool sounding, bool acquire) const {
    if (acquire) return timing_.acquisition_turnaround;
    return sounding ? timing_.sounding_turnaround : timing_.sum_turnaround;
}

}  // namespace aircomp::runtime
