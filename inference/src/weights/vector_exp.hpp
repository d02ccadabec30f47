// SPDX-License-Identifier: GPL-3.0-or-later
// The exponential function without a branch or a call, so that loops over it become vector code in
// whatever instruction set the loop is compiled for. std::exp() keeps them scalar.
#pragma once

#include <cstdint>
#include <cstring>

namespace aircomp::inference {

template <class To, class From>
[[gnu::always_inline]] inline To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

/// exp(x) to 1e-15 of itself for |x| <= 700; beyond it is exp of the limit. x = n ln 2 + r: adding
/// 1.5 * 2^52 rounds to the integer n and leaves it in the low bits, from where it goes into the
/// exponent of the series' value at r, |r| <= ln 2 / 2.
[[gnu::always_inline]] inline double vector_exp(double x) {
    constexpr double rounder = 0x1.8p52;
    x = x < -700 ? -700 : x;
    x = x > 700 ? 700 : x;
    const double shifted = x * 0x1.71547652b82fep+0 + rounder;
    const double n = shifted - rounder;
    const double r = (x - n * 0x1.62e42fefa3800p-1) - n * 0x1.ef35793c76730p-45;
    double series = 1.0 / 479001600;
    series = series * r + 1.0 / 39916800;
    series = series * r + 1.0 / 3628800;
    series = series * r + 1.0 / 362880;
    series = series * r + 1.0 / 40320;
    series = series * r + 1.0 / 5040;
    series = series * r + 1.0 / 720;
    series = series * r + 1.0 / 120;
    series = series * r + 1.0 / 24;
    series = series * r + 1.0 / 6;
    series = series * r + 0.5;
    series = series * r + 1;
    series = series * r + 1;
    return bits_as<double>(bits_as<std::uint64_t>(series) +
                           (bits_as<std::uint64_t>(shifted) << 52));
}

/// exp(x) to 3e-7 of itself for |x| <= 87, the same way.
[[gnu::always_inline]] inline float vector_exp(float x) {
    constexpr float rounder = 0x1.8p23F;
    x = x < -87 ? -87 : x;
    x = x > 87 ? 87 : x;
    const float shifted = x * 0x1.715476p+0F + rounder;
    const float n = shifted - rounder;
    const float r = (x - n * 0x1.62e4p-1F) - n * 0x1.7f7d1cp-20F;
    float series = 1.0F / 5040;
    series = series * r + 1.0F / 720;
    series = series * r + 1.0F / 120;
    series = series * r + 1.0F / 24;
    series = series * r + 1.0F / 6;
    series = series * r + 0.5F;
    series = series * r + 1;
    series = series * r + 1;
    return bits_as<float>(bits_as<std::uint32_t>(series) + (bits_as<std::uint32_t>(shifted) << 23));
}

}  // namespace aircomp::inference
