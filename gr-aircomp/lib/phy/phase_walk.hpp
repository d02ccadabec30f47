// SPDX-License-Identifier: GPL-3.0-or-later
// The phase noise of an oscillator as a random walk that can be asked at any time, in any order.
#pragma once

#include <array>
#include <cstdint>

#include "gnuradio/aircomp/phy/noise.hpp"

namespace gr::aircomp::phy::emulation {

/// A Wiener process over whole steps from 0, variance 1 a step, fixed by its seed. What it is at a
/// step does not depend on which steps were asked before: intervals are halved from the longest
/// one, every midpoint drawn given both ends (Levy's construction).
class PhaseWalk {
public:
    explicit PhaseWalk(std::uint64_t seed) : noise_(seed) {}

    void reseed(std::uint64_t seed);
    /// At `step`; 0 before the start. Steps in order are cheap; below 2^56.
    double at(std::int64_t step);

private:
    static constexpr std::int64_t leaf = 256;
    static constexpr std::int64_t longest = std::int64_t{1} << 56;

    double draw(std::int64_t step);
    void fill_leaf(std::int64_t start);

    NoiseGenerator noise_;
    std::int64_t start_ = -1;  ///< Of the leaf below; -1: none yet.
    std::array<double, leaf + 1> values_{};
};

}  // namespace gr::aircomp::phy::emulation
