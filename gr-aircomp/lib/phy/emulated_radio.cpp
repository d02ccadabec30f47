// SPDX-License-Identifier: GPL-3.0-or-later
// A radio as the channel emulator imitates it.
#include "emulated_radio.hpp"

#include <algorithm>
#include <cmath>

namespace gr::aircomp::phy::emulation {
namespace {

/// From 0 to before `divisor`, of a negative number as well.
std::int64_t floor_modulo(std::int64_t number, std::size_t divisor) {
    const auto d = static_cast<std::int64_t>(divisor);
    return ((number % d) + d) % d;
}

}  // namespace

void Radio::check(const RadioImpairments& s) const {
    require(std::abs(s.carrier_offset_hz) <= rate_hz_ / 2, "carrier_offset_hz",
            "within half the sampling rate", s.carrier_offset_hz);
    require(std::abs(s.sampling_offset_ppm) <= 1000, "sampling_offset_ppm", "within 1000",
            s.sampling_offset_ppm);
    require(std::abs(s.timing_offset) <= most_offset_, "timing_offset", "within most_offset",
            s.timing_offset);
    require(s.linewidth_hz >= 0 && s.linewidth_hz <= rate_hz_, "linewidth_hz",
            "from 0 to the sampling rate", s.linewidth_hz);
    require(std::abs(s.iq_gain_db) <= 20, "iq_gain_db", "within 20", s.iq_gain_db);
    require(std::abs(s.iq_phase_deg) <= 90, "iq_phase_deg", "within 90", s.iq_phase_deg);
    require(s.full_scale >= 0 && std::isfinite(s.full_scale), "full_scale", ">= 0", s.full_scale);
    require(s.converter_bits == 0 || (s.converter_bits >= 2 && s.converter_bits <= 16),
            "converter_bits", "0 or from 2 to 16", s.converter_bits);
    require(s.converter_bits == 0 || s.full_scale > 0, "full_scale",
            "above 0 where converter_bits is set", s.full_scale);
}

void Radio::set(const RadioImpairments& settings) {
    check(settings);
    const RadioImpairments& old = settings_;
    if (settings.sampling_offset_ppm != old.sampling_offset_ppm) {
        drift_ = drift();
        blocks_ = 0;
    }
    if (settings.oscillator_seed != old.oscillator_seed)
        walk_.reseed(settings.oscillator_seed != 0 ? settings.oscillator_seed : seed_);
    changed_ = changed_ || settings.carrier_offset_hz != old.carrier_offset_hz ||
               settings.linewidth_hz != old.linewidth_hz ||
               settings.oscillator_seed != old.oscillator_seed ||
               settings.oscillator_ahead != old.oscillator_ahead;
    settings_ = settings;
    fast_ = settings.sampling_offset_ppm * 1e-6;
    const double half_angle = settings.iq_phase_deg * pi / 360;
    const double in_phase = std::pow(10, settings.iq_gain_db / 40);
    branches_ = {static_cast<float>(in_phase * std::cos(half_angle)),
                 static_cast<float>(in_phase * std::sin(half_angle)),
                 static_cast<float>(std::sin(half_angle) / in_phase),
                 static_cast<float>(std::cos(half_angle) / in_phase)};
    if (has_slipped()) restart_clock();
}

bool Radio::has_slipped() const {
    return std::abs(settings_.timing_offset + drift()) > most_offset_;
}

void Radio::restart_clock() {
    drift_ = 0;
    blocks_ = 0;
}

bool Radio::pass_block() {
    ++blocks_;
    if (!has_slipped()) return false;
    restart_clock();
    return true;
}

void Radio::seek(std::uint64_t position) {
    restart_clock();
    // A block's own start is passed by pass_block().
    const std::uint64_t begun = position == 0 ? 0 : (position - 1) / block;
    if (fast_ != 0) {
        const double room =
            most_offset_ + std::copysign(settings_.timing_offset, settings_.timing_offset * fast_);
        auto period = static_cast<std::uint64_t>(room / (std::abs(fast_) * block));
        do {
            blocks_ = ++period;
        } while (!has_slipped());
        blocks_ = begun % period;
    }
    changed_ = false;
    anchor_ = 0;
    anchor_turns_ = 0;
    const std::int64_t time = static_cast<std::int64_t>(position) + settings_.oscillator_ahead;
    const std::int64_t into = floor_modulo(time, piece);
    start_piece((time - into) / static_cast<std::int64_t>(piece));
    turns_ += step_ * static_cast<double>(into);
    turns_ -= std::floor(turns_);
}

void Radio::oscillate(std::uint64_t position, std::size_t count, float sign, Turning& turning) {
    turning.count = 0;
    const bool moves = settings_.carrier_offset_hz != 0 || settings_.linewidth_hz != 0;
    if (!moves && turns_ == 0 && step_ == 0) return;
    const std::int64_t time = static_cast<std::int64_t>(position) + settings_.oscillator_ahead;
    for (std::size_t done = 0; done < count;) {
        const std::int64_t here = time + static_cast<std::int64_t>(done);
        const auto into = static_cast<std::size_t>(floor_modulo(here, piece));
        if (into == 0) start_piece(here / static_cast<std::int64_t>(piece));
        const std::size_t length = std::min(piece - into, count - done);
        oscillate_in_piece(length, sign, turning);
        done += length;
    }
}

void Radio::oscillate_in_piece(std::size_t length, float sign, Turning& turning) {
    turning.stretches[turning.count++] = {sign * static_cast<float>(turns_),
                                          sign * static_cast<float>(step_), length};
    turns_ += step_ * static_cast<double>(length);
    turns_ -= std::floor(turns_);
}

// Counted from the oscillator's last change, not from the piece before: so the phase does not
// depend on how many pieces lie between.
void Radio::start_piece(std::int64_t index) {
    constexpr auto samples = static_cast<double>(piece);
    const double offset = settings_.carrier_offset_hz / rate_hz_;
    double walked = 0;
    step_ = offset;
    if (settings_.linewidth_hz != 0) {
        const double deviation =
            std::sqrt(2 * pi * settings_.linewidth_hz * samples / rate_hz_) / (2 * pi);
        walked = deviation * walk_.at(index);
        step_ += (deviation * walk_.at(index + 1) - walked) / samples;
    }
    if (changed_) {
        anchor_ = index;
        anchor_turns_ = turns_ - walked;
        changed_ = false;
    }
    // Many samples times a small offset: a double alone would leave the phase to chance.
    const long double turned =
        static_cast<long double>(offset) * samples * static_cast<long double>(index - anchor_);
    turns_ = static_cast<double>(turned - std::floor(turned)) + anchor_turns_ + walked;
    turns_ -= std::floor(turns_);
}

void Radio::unbalance(float* samples, std::size_t count) const {
    if (settings_.iq_gain_db == 0 && settings_.iq_phase_deg == 0) return;
    loops::unbalance(samples, count, branches_);
}

void Radio::convert(float* samples, std::size_t count) const {
    if (settings_.full_scale == 0) return;
    const auto most = static_cast<float>(settings_.full_scale);
    if (settings_.converter_bits == 0) {
        loops::convert(samples, count, -most, most, 0);
        return;
    }
    const float step = most / static_cast<float>(1U << (settings_.converter_bits - 1));
    loops::convert(samples, count, -most, most - step, step);
}

}  // namespace gr::aircomp::phy::emulation
