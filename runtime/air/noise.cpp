// SPDX-License-Identifier: GPL-3.0-or-later
// Box and Muller over a counter hashed by SplitMix64: no state between samples, so that the loop
// becomes vector code. Its functions are series: those of the mathematical library would keep the
// loop scalar (sine and cosine of one angle become a call that has no vector form).
#include "air/noise.hpp"

#include <cmath>
#include <cstring>

#include "gnuradio/aircomp/phy/seed.hpp"

#define AIRCOMP_INLINE [[gnu::always_inline]] inline

namespace aircomp::runtime {
namespace {

namespace phy = gr::aircomp::phy;

template <class To, class From>
AIRCOMP_INLINE To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

/// Uniform in the open interval (0, 1), 24 bits.
AIRCOMP_INLINE float uniform(std::uint32_t bits) {
    return (static_cast<float>(static_cast<std::int32_t>(bits >> 8)) + 0.5F) * 0x1p-24F;
}

/// log(u) of a normal u > 0 to 2e-7: u = 2^e m with m in [sqrt(1/2), sqrt(2)), and log m =
/// 2 artanh((m - 1) / (m + 1)).
AIRCOMP_INLINE float log_of(float u) {
    constexpr std::int32_t root_half = 0x3F3504F3;
    const std::int32_t above = bits_as<std::int32_t>(u) - root_half;
    const auto exponent = static_cast<float>(above >> 23);
    const float m = bits_as<float>((above & 0x7FFFFF) + root_half);
    const float s = (m - 1) / (m + 1);
    const float q = s * s;
    const float series = 1 + q * (1.0F / 3 + q * (0.2F + q * (1.0F / 7 + q * (1.0F / 9))));
    return exponent * 0.693147181F + 2 * s * series;
}

struct Direction {
    float cosine, sine;
};

/// Of an angle of `turns` whole ones in [0, 1], to 2e-7: series within an eighth of a turn around
/// the nearest quarter.
AIRCOMP_INLINE Direction direction_of(float turns) {
    const std::int32_t quarters = (static_cast<std::int32_t>(8 * turns) + 1) / 2;
    const float a = 6.28318530717958648F * (turns - 0.25F * static_cast<float>(quarters));
    const float q = a * a;
    const float s = a * (1 + q * (-1.0F / 6 + q * (1.0F / 120 + q * (-1.0F / 5040 + q / 362880))));
    const float c = 1 + q * (-0.5F + q * (1.0F / 24 + q * (-1.0F / 720 + q / 40320)));
    const bool odd = (quarters & 1) != 0;
    const float along = odd ? s : c, across = odd ? c : s;
    return {((quarters + 1) & 2) != 0 ? -along : along, (quarters & 2) != 0 ? -across : across};
}

/// Adds samples `first`, `first` + 1, ... of the sequence to `count` of `out`, each two floats.
AIRCOMP_INLINE void add_samples(float* out, std::int64_t count, std::uint64_t seed,
                                std::uint64_t first, float deviation) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t bits = phy::derive_seed(seed, first + static_cast<std::uint64_t>(i));
        const float radius =
            deviation * std::sqrt(-log_of(uniform(static_cast<std::uint32_t>(bits >> 32))));
        const Direction direction = direction_of(uniform(static_cast<std::uint32_t>(bits)));
        out[2 * i] += radius * direction.cosine;
        out[2 * i + 1] += radius * direction.sine;
    }
}

using AddSamples = void (*)(float*, std::int64_t, std::uint64_t, std::uint64_t, float);

void add_portable(float* out, std::int64_t count, std::uint64_t seed, std::uint64_t first,
                  float deviation) {
    add_samples(out, count, seed, first, deviation);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void add_avx2(float* out, std::int64_t count,
                                                  std::uint64_t seed, std::uint64_t first,
                                                  float deviation) {
    add_samples(out, count, seed, first, deviation);
}

__attribute__((target("avx512f,avx512dq,avx512vl,fma"))) void add_avx512(
    float* out, std::int64_t count, std::uint64_t seed, std::uint64_t first, float deviation) {
    add_samples(out, count, seed, first, deviation);
}
#endif

AddSamples best_for_this_processor() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return add_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return add_avx2;
#endif
    return add_portable;
}

}  // namespace

void NoiseGenerator::add(gsl::span<std::complex<float>> samples, double variance) {
    static const AddSamples add_them = best_for_this_processor();
    // std::complex<float> is laid out as two floats (ISO C++ [complex.numbers]).
    add_them(reinterpret_cast<float*>(samples.data()), static_cast<std::int64_t>(samples.size()),
             seed_, position_, static_cast<float>(std::sqrt(variance)));
    position_ += samples.size();
}

}  // namespace aircomp::runtime
