// SPDX-License-Identifier: GPL-3.0-or-later
// A radio as the channel emulator imitates it: oscillator, clock, converter and branches.
#pragma once

#include <array>
#include <complex>
#include <cstdint>

#include "emulator_loops.hpp"
#include "emulator_support.hpp"
#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "gnuradio/aircomp/phy/noise.hpp"

namespace gr::aircomp::phy::emulation {

/// The phase of an oscillator over one chunk.
struct Turning {
    std::array<loops::Stretch, chunk / piece + 2> stretches;
    std::size_t count = 0;  ///< Of stretches; 0: phase zero throughout.
};

class Radio {
public:
    Radio(std::uint64_t seed, double rate_hz, double most_offset)
        : rate_hz_(rate_hz), most_offset_(most_offset), noise_(seed) {}

    const RadioImpairments& settings() const { return settings_; }
    /// Throws std::invalid_argument. The oscillator follows from its next piece on.
    void set(const RadioImpairments& settings);

    /// Samples by which it acts late, `ahead` samples after the start of the block.
    double timing(double ahead) const { return settings_.timing_offset + drift_ - fast_ * ahead; }
    bool drifts() const { return fast_ != 0; }
    /// Moves the clock on by a block; returns whether it slipped.
    bool pass_block();
    void restart_clock() { drift_ = 0; }

    /// The oscillator's phase over `count` <= chunk samples from `position`; moves it on. Sign -1
    /// for a receiver, which takes its phase off.
    void oscillate(std::uint64_t position, std::size_t count, float sign, Turning& turning);
    /// At the next sample, radians from 0 to 2 pi.
    double phase() const { return 2 * pi * turns_; }

    void convert(float* samples, std::size_t count) const;
    void unbalance(float* samples, std::size_t count) const;

private:
    void check(const RadioImpairments& settings) const;
    void start_piece(std::uint64_t index);

    double rate_hz_;
    double most_offset_;
    NoiseGenerator noise_;
    RadioImpairments settings_;
    loops::Branches branches_{1, 0, 0, 1};
    double fast_ = 0;  ///< sampling_offset_ppm as a ratio.
    double drift_ = 0;
    double turns_ = 0;  ///< Phase at the next sample.
    double step_ = 0;   ///< Turns a sample until the next piece.
    std::uint64_t first_drawn_ = 0;
    std::array<std::complex<float>, chunk / piece + 2> drawn_{};
};

}  // namespace gr::aircomp::phy::emulation
