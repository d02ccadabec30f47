// SPDX-License-Identifier: GPL-3.0-or-later
// Box and Muller over a hashed counter: no state between samples, so that the loop vectorises.
#include "gnuradio/aircomp/phy/noise.hpp"

#include <algorithm>
#include <cmath>

#include "gnuradio/aircomp/phy/seed.hpp"
#include "trigonometry.hpp"

namespace gr::aircomp::phy {
namespace {

/// Wellons' triple32, a bijection of 32-bit words that passes tests of avalanche.
AIRCOMP_INLINE std::uint32_t mix(std::uint32_t x) {
    x = (x ^ (x >> 17)) * 0xED5AD4BBU;
    x = (x ^ (x >> 11)) * 0xAC4C1B51U;
    x = (x ^ (x >> 15)) * 0x31848BABU;
    return x ^ (x >> 14);
}

/// What two words make of a stretch of the sequence: the words' keys.
struct Keys {
    std::uint32_t first, second;
};

template <bool accumulate>
AIRCOMP_INLINE void draw(float* out, std::uint32_t count, std::uint32_t start, Keys keys,
                         float deviation) {
    // A signed index: one that may wrap would not vectorise.
    const auto end = static_cast<std::int64_t>(count);
    for (std::int64_t i = 0; i < end; ++i) {
        const std::uint32_t a = mix((start + static_cast<std::uint32_t>(i)) ^ keys.first);
        const std::uint32_t b = mix(a + keys.second);
        // 31 bits in (0, 1]: float keeps the small values, hence the tails, exact.
        const float uniform =
            (static_cast<float>(static_cast<std::int32_t>(a >> 1)) + 0.5F) * 0x1p-31F;
        const float radius = deviation * std::sqrt(std::max(0.0F, -logarithm(uniform)));
        float cosine, sine;
        quarter_turns((b + 0x20000000U) >> 30,
                      static_cast<float>(static_cast<std::int32_t>(b << 2)) * 0x1p-32F, cosine,
                      sine);
        out[2 * i] = radius * cosine + (accumulate ? out[2 * i] : 0.0F);
        out[2 * i + 1] = radius * sine + (accumulate ? out[2 * i + 1] : 0.0F);
    }
}

AIRCOMP_DISPATCH(draw_fill, draw<false>,
                 (float* out, std::uint32_t count, std::uint32_t start, Keys keys, float deviation),
                 (out, count, start, keys, deviation))
AIRCOMP_DISPATCH(draw_add, draw<true>,
                 (float* out, std::uint32_t count, std::uint32_t start, Keys keys, float deviation),
                 (out, count, start, keys, deviation))

/// Splits a call where the low half of the counter wraps: every 2^32 samples have keys of their
/// own.
template <typename Draw>
void walk(Draw draw_samples, gsl::span<std::complex<float>> samples, std::uint64_t seed,
          std::uint64_t& position, float variance) {
    // std::complex<float> is laid out as two floats (ISO C++ [complex.numbers]).
    float* out = reinterpret_cast<float*>(samples.data());
    std::uint64_t left = samples.size();
    const float deviation = std::sqrt(variance);
    while (left > 0) {
        const auto start = static_cast<std::uint32_t>(position);
        const auto count = static_cast<std::uint32_t>(
            std::min({left, (std::uint64_t{1} << 32) - start, std::uint64_t{1} << 30}));
        const std::uint64_t key = derive_seed(derive_seed(seed, 0) ^ (position >> 32), 0);
        draw_samples(out, count, start,
                     Keys{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)},
                     deviation);
        out += 2 * static_cast<std::ptrdiff_t>(count);
        left -= count;
        position += count;
    }
}

}  // namespace

void NoiseGenerator::fill(gsl::span<std::complex<float>> samples, float variance) {
    walk(draw_fill, samples, seed_, position_, variance);
}

void NoiseGenerator::add(gsl::span<std::complex<float>> samples, float variance) {
    walk(draw_add, samples, seed_, position_, variance);
}

}  // namespace gr::aircomp::phy
