// SPDX-License-Identifier: GPL-3.0-or-later
// A board as its host sees it.
#include "board.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <uhd/exception.hpp>
#include <utility>

#include "gnuradio/aircomp/phy/seed.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

constexpr Ticks always = std::numeric_limits<Ticks>::min();
constexpr double first_rate_hz = 1e6;

double at(const std::map<Ticks, double>& timeline, Ticks time) {
    return std::prev(timeline.upper_bound(time))->second;
}

void require_time(Ticks time, double tick_rate_hz) {
    if (time >= 0) return;
    throw uhd::value_error("board time: expected at least 0 s, found " +
                           std::to_string(static_cast<double>(time) / tick_rate_hz) + " s");
}

}  // namespace

Board::Board(std::shared_ptr<Air> air, std::shared_ptr<Seat> seat, std::size_t index)
    : air_(std::move(air)), seat_(std::move(seat)), index_(index), ahead_(-seat_->peek()) {
    const Ticks period = std::llround(tick_rate_hz() / nearest_rate(first_rate_hz));
    for (std::size_t d = 0; d < 2; ++d) {
        tuners_[d].assign(
            config().antennas,
            {{{always, 1e9}}, {{always, 0.0}}, {{always, 0.0}}, {{always, 0.0}}, period});
        antennas_[d].resize(config().antennas);
        std::iota(antennas_[d].begin(), antennas_[d].end(), std::size_t{0});
    }
}

bool Board::has_pulse() const {
    return time_source_ == "internal" || (time_source_ == "external" && config().pulse);
}

Ticks Board::last_edge(Ticks now) const {
    const Ticks period = air_->clock().pulse_period();
    return floor_divide(now, period) * period;
}

/// What was to happen at an edge that has passed has happened.
void Board::roll(Ticks now) {
    if (!pending_ || now < pending_->first) return;
    ahead_ = pending_->second - pending_->first;
    pending_.reset();
}

Ticks Board::trigger_delay(Ticks board_time, Ticks period) const {
    const double most = config().trigger_jitter_samples * static_cast<double>(period);
    const std::uint64_t draw =
        phy::derive_seed(config().jitter_seed, static_cast<std::uint64_t>(board_time));
    return std::llround(most * std::ldexp(static_cast<double>(draw >> 11U), -53));
}

Ticks Board::clock_ahead() {
    const std::lock_guard<std::mutex> lock(mutex_);
    roll(seat_->peek());
    return ahead_;
}

Ticks Board::time_now() {
    const Ticks now = seat_->look(air_->clock().look_period());
    const std::lock_guard<std::mutex> lock(mutex_);
    roll(now);
    return now + ahead_;
}

Ticks Board::time_last_pulse() {
    const Ticks now = seat_->look(air_->clock().pulse_period());
    const std::lock_guard<std::mutex> lock(mutex_);
    roll(now);
    if (has_pulse()) latched_ = last_edge(now) + ahead_;
    return latched_;
}

void Board::set_time_now(Ticks time) {
    require_time(time, tick_rate_hz());
    const std::lock_guard<std::mutex> lock(mutex_);
    pending_.reset();
    ahead_ = time - seat_->now();
}

void Board::set_time_next_pulse(Ticks time) {
    require_time(time, tick_rate_hz());
    const std::lock_guard<std::mutex> lock(mutex_);
    const Ticks now = seat_->peek();
    roll(now);
    if (!has_pulse()) return;
    pending_ = {last_edge(now) + air_->clock().pulse_period(), time};
}

void Board::set_clock_source(const std::string& source) {
    const std::lock_guard<std::mutex> lock(mutex_);
    clock_source_ = source;
}

void Board::set_time_source(const std::string& source) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Ticks now = seat_->peek();
    roll(now);
    if (has_pulse()) latched_ = last_edge(now) + ahead_;
    time_source_ = source;
    if (!has_pulse()) pending_.reset();
}

bool Board::reference_locked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return clock_source_ == "internal" || config().reference;
}

void Board::set_command_time(std::optional<Ticks> time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    command_time_ = time;
}

Board::Tuner& Board::tuner(Direction direction, std::size_t antenna) {
    return tuners_[static_cast<std::size_t>(direction)].at(antenna);
}

/// A command in the past is carried out at once, as boards do.
void Board::put(Timeline& timeline, double value) {
    const Ticks now = seat_->peek();
    roll(now);
    const Ticks from = command_time_ ? std::max(now, *command_time_ - ahead_) : now;
    timeline.erase(timeline.lower_bound(from), timeline.end());
    timeline[from] = value;
    // What held more than an hour ago nobody will ask for.
    const Ticks forgotten = now - air_->clock().from_seconds(3600);
    while (timeline.size() > 1 && std::next(timeline.begin())->first < forgotten)
        timeline.erase(timeline.begin());
    const double oldest = timeline.begin()->second;
    timeline.erase(timeline.begin());
    timeline[always] = oldest;
}

void Board::set_frequency(Direction direction, std::size_t antenna, double frequency_hz) {
    const std::lock_guard<std::mutex> lock(mutex_);
    put(tuner(direction, antenna).frequency_hz, frequency_hz);
    if (config().tune_seed != 0) draw_phase(direction);
}

/// The antennas of a direction share a synthesiser, as on a B210.
void Board::draw_phase(Direction direction) {
    constexpr double two_pi = 6.28318530717958647692;
    const auto side = static_cast<std::size_t>(direction);
    const std::uint64_t draw =
        phy::derive_seed(phy::derive_seed(config().tune_seed, side), tunes_[side]++);
    for (Tuner& tuner : tuners_[side])
        put(tuner.phase, two_pi * std::ldexp(static_cast<double>(draw >> 11U), -53));
}

void Board::set_offset_frequency(Direction direction, std::size_t antenna, double frequency_hz) {
    const std::lock_guard<std::mutex> lock(mutex_);
    put(tuner(direction, antenna).offset_hz, frequency_hz);
}

void Board::set_gain(Direction direction, std::size_t antenna, double gain_db) {
    const std::lock_guard<std::mutex> lock(mutex_);
    put(tuner(direction, antenna).gain_db, gain_db);
}

Tuning Board::tuning(Direction direction, std::size_t antenna, Ticks air_time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Tuner& t = tuner(direction, antenna);
    // UHD turns a transmitter's samples up by it and a receiver's down.
    const double sign = direction == Direction::transmit ? 1 : -1;
    const double tuned_hz = at(t.frequency_hz, air_time) + sign * at(t.offset_hz, air_time);
    const double error = clock_source_ == "internal" ? 1e-6 * config().oscillator_ppm : 0;
    return {tuned_hz * (1 + error), at(t.gain_db, air_time), at(t.phase, air_time)};
}

double Board::nearest_rate(double rate_hz) const {
    constexpr double most_division = 65536;
    const double division = std::round(tick_rate_hz() / std::max(rate_hz, 1.0));
    return tick_rate_hz() / std::clamp(division, 1.0, most_division);
}

double Board::set_rate(Direction direction, std::size_t channel, double rate_hz) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const double rate = nearest_rate(rate_hz);
    tuner(direction, channel).period = std::llround(tick_rate_hz() / rate);
    return rate;
}

Ticks Board::period(Direction direction, std::size_t channel) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return tuner(direction, channel).period;
}

bool Board::has_transmitter(std::size_t antenna) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !transmitters_[antenna].expired();
}

void Board::set_transmitter(std::size_t antenna, std::weak_ptr<void> streamer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    transmitters_[antenna] = std::move(streamer);
}

void Board::set_antennas(Direction direction, const std::vector<std::size_t>& antennas) {
    const std::lock_guard<std::mutex> lock(mutex_);
    antennas_[static_cast<std::size_t>(direction)] = antennas;
}

std::vector<std::size_t> Board::antennas(Direction direction) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return antennas_[static_cast<std::size_t>(direction)];
}

}  // namespace gr::aircomp::virtual_radio
