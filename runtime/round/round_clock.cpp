// SPDX-License-Identifier: GPL-3.0-or-later
// Times of headers and bursts.
#include "round/round_clock.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::runtime {
namespace {

constexpr int acquisition_headers = 24;
constexpr double first_gap_s = 100e-6;
// Many headers take a device longer than one.
constexpr Ticks acquisition_turnarounds = 4;

}  // namespace

RoundClock::RoundClock(const Config& config, const phy::BurstFormat& format,
                       std::size_t burst_samples, Ticks start)
    : format_(format),
      sample_rate_hz_(config.radio.bandwidth_hz),
      lead_(ticks(config.radios.lead_s)),
      interval_(std::max<Ticks>(1, ticks(config.radios.interval_s))),
      turnaround_(ticks(config.waveform.turnaround_s)),
      burst_samples_(burst_samples),
      end_(start),
      earliest_(start) {}

Ticks RoundClock::ticks(double seconds) const {
    return static_cast<Ticks>(std::llround(seconds * sample_rate_hz_));
}

RoundOrder RoundClock::next(bool sounding, bool acquire, Ticks now) {
    Ticks begin = earliest_;
    // Behind time: whole intervals are left out.
    if (const Ticks behind = now + lead_ - begin; behind > 0)
        begin += (behind + interval_ - 1) / interval_ * interval_;
    RoundOrder order;
    order.number = number_++;
    order.sounding = sounding;
    order.headers.push_back(begin);
    const auto header = static_cast<Ticks>(format_.header_samples());
    for (int i = 1; acquire && i < acquisition_headers; ++i) {
        // The gaps grow: the better the offset is known, the longer its turns can be counted.
        const int longer = 1 + i / 4;
        order.headers.push_back(order.headers.back() + header + longer * ticks(first_gap_s));
    }
    order.burst =
        order.headers.back() + header + turnaround_ * (acquire ? acquisition_turnarounds : 1);
    end_ = order.burst +
           static_cast<Ticks>(sounding ? format_.sounding_samples() : burst_samples_) +
           static_cast<Ticks>(window_tail);
    earliest_ = end_ + interval_;
    return order;
}

}  // namespace aircomp::runtime
