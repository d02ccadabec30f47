// SPDX-License-Identifier: GPL-3.0-or-later
// Levy's construction: every step but 0 is the midpoint of one interval, and its draw has the
// step's own number.
#include "phase_walk.hpp"

#include <cmath>
#include <complex>

namespace gr::aircomp::phy::emulation {
namespace {

/// Halves an interval of `length` steps: what its middle is, given both ends and a normal draw.
double middle(double low, double high, std::int64_t length, double normal) {
    return (low + high) / 2 + std::sqrt(static_cast<double>(length)) / 2 * normal;
}

}  // namespace

void PhaseWalk::reseed(std::uint64_t seed) {
    noise_ = NoiseGenerator(seed);
    start_ = -1;
}

double PhaseWalk::draw(std::int64_t step) {
    std::array<std::complex<float>, 1> normal{};
    noise_.seek(static_cast<std::uint64_t>(step));
    noise_.fill(normal, 2.0F);
    return static_cast<double>(normal[0].real());
}

void PhaseWalk::fill_leaf(std::int64_t start) {
    std::int64_t low = 0;
    std::int64_t high = longest;
    double at_low = 0;
    double at_high = std::sqrt(static_cast<double>(longest)) * draw(longest);
    while (high - low > leaf) {
        const std::int64_t half = low + (high - low) / 2;
        const double at_half = middle(at_low, at_high, high - low, draw(half));
        if (start < half) {
            high = half;
            at_high = at_half;
        } else {
            low = half;
            at_low = at_half;
        }
    }
    start_ = start;
    std::array<std::complex<float>, leaf> normals{};
    noise_.seek(static_cast<std::uint64_t>(start));
    noise_.fill(normals, 2.0F);
    values_[0] = at_low;
    values_[leaf] = at_high;
    for (std::size_t length = leaf; length > 1; length /= 2) {
        for (std::size_t i = 0; i < leaf; i += length) {
            values_[i + length / 2] =
                middle(values_[i], values_[i + length], static_cast<std::int64_t>(length),
                       static_cast<double>(normals[i + length / 2].real()));
        }
    }
}

double PhaseWalk::at(std::int64_t step) {
    if (step <= 0) return 0;
    if (start_ < 0 || step < start_ || step > start_ + leaf) fill_leaf(step - step % leaf);
    return values_[static_cast<std::size_t>(step - start_)];
}

}  // namespace gr::aircomp::phy::emulation
