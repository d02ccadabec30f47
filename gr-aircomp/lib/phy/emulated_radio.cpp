// SPDX-License-Identifier: GPL-3.0-or-later
// A radio as the channel emulator imitates it.
#include "emulated_radio.hpp"

#include <algorithm>
#include <cmath>

namespace gr::aircomp::phy::emulation {

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
    settings_ = settings;
    fast_ = settings.sampling_offset_ppm * 1e-6;
    const double half_angle = settings.iq_phase_deg * pi / 360;
    const double in_phase = std::pow(10, settings.iq_gain_db / 40);
    branches_ = {static_cast<float>(in_phase * std::cos(half_angle)),
                 static_cast<float>(in_phase * std::sin(half_angle)),
                 static_cast<float>(std::sin(half_angle) / in_phase),
                 static_cast<float>(std::cos(half_angle) / in_phase)};
    if (std::abs(settings.timing_offset + drift_) > most_offset_) drift_ = 0;
}

bool Radio::pass_block() {
    drift_ -= fast_ * static_cast<double>(block);
    if (std::abs(settings_.timing_offset + drift_) <= most_offset_) return false;
    drift_ = 0;
    return true;
}

void Radio::oscillate(std::uint64_t position, std::size_t count, float sign, Turning& turning) {
    turning.count = 0;
    const bool moves = settings_.carrier_offset_hz != 0 || settings_.linewidth_hz != 0;
    if (!moves && turns_ == 0 && step_ == 0) return;
    if (settings_.linewidth_hz != 0) {
        // One draw a piece, addressed by its index: the phase does not depend on how calls are cut.
        first_drawn_ = position / piece;
        noise_.seek(first_drawn_);
        noise_.fill(gsl::span(drawn_).first(count / piece + 2), 2.0F);
    }
    for (std::size_t done = 0; done < count;) {
        const std::size_t into = (position + done) % piece;
        if (into == 0) start_piece((position + done) / piece);
        const std::size_t length = std::min(piece - into, count - done);
        turning.stretches[turning.count++] = {sign * static_cast<float>(turns_),
                                              sign * static_cast<float>(step_), length};
        turns_ += step_ * static_cast<double>(length);
        turns_ -= std::floor(turns_);
        done += length;
    }
}

void Radio::start_piece(std::uint64_t index) {
    step_ = settings_.carrier_offset_hz / rate_hz_;
    if (settings_.linewidth_hz == 0) return;
    constexpr auto samples = static_cast<double>(piece);
    const double deviation =
        std::sqrt(2 * pi * settings_.linewidth_hz * samples / rate_hz_) / (2 * pi);
    step_ += deviation * static_cast<double>(drawn_[index - first_drawn_].real()) / samples;
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
