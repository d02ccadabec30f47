// SPDX-License-Identifier: GPL-3.0-or-later
// Box and Muller over a counter hashed by SplitMix64: no state between samples, so that the loop
// vectorises (this file is compiled with vector mathematics, see runtime/CMakeLists.txt).
#include "air/noise.hpp"

#include <cmath>

#include "gnuradio/aircomp/phy/seed.hpp"

namespace aircomp::runtime {
namespace {

namespace phy = gr::aircomp::phy;

/// Uniform in the open interval (0, 1), 24 bits.
float uniform(std::uint32_t bits) {
    return (static_cast<float>(static_cast<std::int32_t>(bits >> 8)) + 0.5F) * 0x1p-24F;
}

}  // namespace

void NoiseGenerator::add(gsl::span<std::complex<float>> samples, double variance) {
    constexpr float two_pi = 6.28318530717958648F;
    const auto deviation = static_cast<float>(std::sqrt(variance));
    // std::complex<float> is laid out as two floats (ISO C++ [complex.numbers]).
    float* const out = reinterpret_cast<float*>(samples.data());
    const auto count = static_cast<std::int64_t>(samples.size());
    const std::uint64_t seed = seed_, first = position_;
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t bits = phy::derive_seed(seed, first + static_cast<std::uint64_t>(i));
        const float radius =
            deviation * std::sqrt(-std::log(uniform(static_cast<std::uint32_t>(bits >> 32))));
        const float phase = two_pi * uniform(static_cast<std::uint32_t>(bits));
        out[2 * i] += radius * std::cos(phase);
        out[2 * i + 1] += radius * std::sin(phase);
    }
    position_ += samples.size();
}

}  // namespace aircomp::runtime
