// SPDX-License-Identifier: GPL-3.0-or-later
// Receiver noise: Gaussian samples fast enough that drawing them is not what simulation costs.
#pragma once

#include <complex>
#include <cstdint>
#include <gsl/span>

namespace aircomp::runtime {

/// A sequence of independent CN(0, variance) samples, fixed by its seed.
class NoiseGenerator {
public:
    explicit NoiseGenerator(std::uint64_t seed) : seed_(seed) {}

    /// Adds noise of `variance` >= 0 per complex sample.
    void add(gsl::span<std::complex<float>> samples, double variance);

private:
    std::uint64_t seed_;
    std::uint64_t position_ = 0;  ///< Samples drawn so far.
};

}  // namespace aircomp::runtime
