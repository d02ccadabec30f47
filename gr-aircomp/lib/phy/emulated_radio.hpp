// SPDX-License-Identifier: GPL-3.0-or-later
// A radio as the channel emulator imitates it: oscillator, clock, converter and branches.
#pragma once

#include <array>
#include <complex>
#include <cstdint>

#include "emulator_loops.hpp"
#include "emulator_support.hpp"
#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "phase_walk.hpp"

namespace gr::aircomp::phy::emulation {

/// The phase of an oscillator over one chunk.
struct Turning {
    std::array<loops::Stretch, chunk / piece + 2> stretches;
    std::size_t count = 0;  ///< Of stretches; 0: phase zero throughout.
};

class Radio {
public:
    Radio(std::uint64_t seed, double rate_hz, double most_offset)
        : rate_hz_(rate_hz), most_offset_(most_offset), seed_(seed), walk_(seed) {}

    const RadioImpairments& settings() const { return settings_; }
    /// Throws std::invalid_argument. The oscillator follows from its next piece on.
    void set(const RadioImpairments& settings);

    /// Samples by which it acts late, `ahead` samples after the start of the block.
    double timing(double ahead) const { return settings_.timing_offset + drift() - fast_ * ahead; }
    bool drifts() const { return fast_ != 0; }
    /// Moves the clock on by a block; returns whether it slipped.
    bool pass_block();
    void restart_clock();
    /// Goes to `position`: clock and oscillator are what they would be there had the settings held
    /// since position 0.
    void seek(std::uint64_t position);

    /// The oscillator's phase over `count` <= chunk samples from `position`; moves it on. Sign -1
    /// for a receiver, which takes its phase off.
    void oscillate(std::uint64_t position, std::size_t count, float sign, Turning& turning);
    /// At the next sample, radians from 0 to 2 pi.
    double phase() const { return 2 * pi * turns_; }

    void convert(float* samples, std::size_t count) const;
    void unbalance(float* samples, std::size_t count) const;

private:
    void check(const RadioImpairments& settings) const;
    double drift() const { return drift_ - fast_ * static_cast<double>(block * blocks_); }
    bool has_slipped() const;
    void start_piece(std::int64_t index);
    void oscillate_in_piece(std::size_t length, float sign, Turning& turning);

    double rate_hz_;
    double most_offset_;
    std::uint64_t seed_;
    PhaseWalk walk_;
    RadioImpairments settings_;
    loops::Branches branches_{1, 0, 0, 1};
    double fast_ = 0;           ///< sampling_offset_ppm as a ratio.
    double drift_ = 0;          ///< Samples, `blocks_` blocks ago.
    std::uint64_t blocks_ = 0;  ///< Since the clock started or was changed.
    double turns_ = 0;          ///< Phase at the next sample.
    double step_ = 0;           ///< Turns a sample until the next piece.
    bool changed_ = false;      ///< The oscillator, since the last piece began.
    double anchor_turns_ = 0;   ///< Phase at the piece `anchor_`, less what the walk is there.
    std::int64_t anchor_ = 0;
};

}  // namespace gr::aircomp::phy::emulation
