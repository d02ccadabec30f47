// SPDX-License-Identifier: GPL-3.0-or-later
// Box and Muller over a counter hashed by SplitMix64: no state between samples, so that the loop
// vectorises (this file is compiled with vector mathematics, see runtime/CMakeLists.txt).
#include "air/noise.hpp"

#include <cmath>

namespace aircomp::runtime {
namespace {

constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15;

std::uint64_t hash(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

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
    const std::uint64_t first = counter_;
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t bits = hash(first + golden_gamma * static_cast<std::uint64_t>(i + 1));
        const float radius =
            deviation * std::sqrt(-std::log(uniform(static_cast<std::uint32_t>(bits >> 32))));
        const float phase = two_pi * uniform(static_cast<std::uint32_t>(bits));
        out[2 * i] += radius * std::cos(phase);
        out[2 * i + 1] += radius * std::sin(phase);
    }
    counter_ += golden_gamma * static_cast<std::uint64_t>(count);
}

}  // namespace aircomp::runtime
