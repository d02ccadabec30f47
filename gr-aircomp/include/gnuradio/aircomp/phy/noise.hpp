// SPDX-License-Identifier: GPL-3.0-or-later
// Receiver noise: Gaussian samples fast enough that drawing them is not what emulation costs.
#pragma once

#include <complex>
#include <cstdint>
#include <gsl/span>

namespace gr::aircomp::phy {

/// A sequence of independent CN(0, 1) samples, fixed by its seed and addressed by a counter, so
/// that it does not depend on how it is cut into calls. Box and Muller over two hashed 32-bit words
/// a sample: tails reach 6.6 standard deviations per real dimension; the sequence is good for 2^64
/// samples.
class NoiseGenerator {
public:
    explicit NoiseGenerator(std::uint64_t seed) : seed_(seed) {}

    /// Writes the next samples, scaled to `variance` >= 0 per complex sample.
    void fill(gsl::span<std::complex<float>> samples, float variance);

    /// Adds the next samples, scaled to `variance` >= 0 per complex sample.
    void add(gsl::span<std::complex<float>> samples, float variance);

    /// The position in the sequence: samples drawn so far.
    std::uint64_t position() const { return position_; }
    void seek(std::uint64_t position) { position_ = position; }

private:
    std::uint64_t seed_;
    std::uint64_t position_ = 0;
};

}  // namespace gr::aircomp::phy
