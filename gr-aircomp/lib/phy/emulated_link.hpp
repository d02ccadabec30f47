// SPDX-License-Identifier: GPL-3.0-or-later
// The link between two antennas as the channel emulator imitates it: one filter for all its paths.
#pragma once

#include <complex>
#include <cstdint>
#include <gsl/span>
#include <vector>

#include "emulator_loops.hpp"
#include "emulator_support.hpp"
#include "gnuradio/aircomp/phy/channel_emulator.hpp"

namespace gr::aircomp::phy::emulation {

class Link {
public:
    /// `most_delay` of a path, samples.
    Link(std::uint64_t seed, double most_delay);

    gsl::span<const Path> paths() const { return paths_; }
    /// Throws std::invalid_argument.
    void set(gsl::span<const Path> paths);
    /// Whether any path has Doppler.
    bool moves() const { return moves_; }

    /// Sets the filter for the paths at `seconds`, all delayed by `lag` >= kernel_taps / 2 - 1.
    void refresh(double seconds, double lag);
    /// The filter where output 0 belongs to samples[0].
    loops::Filter filter(const float* samples) const;
    /// Of the filter, to `frequency` cycles per sample, relative to a delay of `latency` samples.
    std::complex<double> response(double frequency, double latency) const;

private:
    /// A fading path's ray: its Doppler shift and its phase at time 0, in turns.
    struct Ray {
        double shift_hz, turns;
    };

    void draw_rays();
    std::complex<float> gain(std::size_t path, double seconds) const;
    void add(std::complex<float> gain, double delay);
    void trim();

    std::uint64_t seed_;
    double most_delay_;
    std::vector<Path> paths_;
    std::vector<Ray> rays_;
    bool moves_ = false;
    std::size_t first_ = 0;    ///< Delay of the filter's first tap.
    std::size_t taps_ = 0;     ///< Its length.
    std::size_t skipped_ = 0;  ///< Where it starts in the two below.
    std::vector<float> real_, imaginary_;
};

}  // namespace gr::aircomp::phy::emulation
