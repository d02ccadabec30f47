// SPDX-License-Identifier: GPL-3.0-or-later
// Sine, cosine and logarithm without branches or tables, so that loops over them vectorise under
// any instruction set and give the same figures there. Minimax polynomials (Cephes, single
// precision).
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch.hpp"

namespace gr::aircomp::phy {

/// cos and sin of a quarter turn times (quadrant + fraction), fraction in [-0.5, 0.5]; to 1e-7.
AIRCOMP_INLINE void quarter_turns(std::uint32_t quadrant, float fraction, float& cosine,
                                  float& sine) {
    const float x = fraction * 1.57079632679F;
    const float z = x * x;
    const float s =
        x + x * z * (-1.6666654611e-1F + z * (8.3321608736e-3F + z * -1.9515295891e-4F));
    const float c =
        1.0F - 0.5F * z +
        z * z * (4.166664568298827e-2F + z * (-1.388731625493765e-3F + z * 2.443315711809948e-5F));
    const bool odd = (quadrant & 1U) != 0;
    const float magnitude_c = odd ? s : c;
    const float magnitude_s = odd ? c : s;
    // Cosine is negative in quadrants 1 and 2, sine in 2 and 3.
    cosine = ((quadrant + 1U) & 2U) != 0 ? -magnitude_c : magnitude_c;
    sine = (quadrant & 2U) != 0 ? -magnitude_s : magnitude_s;
}

/// cos and sin of `turns` full turns, |turns| below 2^20.
AIRCOMP_INLINE void unit_circle(float turns, float& cosine, float& sine) {
    const float quarters = 4.0F * turns;
    const auto nearest = static_cast<std::int32_t>(quarters + (quarters < 0.0F ? -0.5F : 0.5F));
    quarter_turns(static_cast<std::uint32_t>(nearest), quarters - static_cast<float>(nearest),
                  cosine, sine);
}

/// The natural logarithm of x, positive and normal; to 2e-7 relative to max(1, |log x|).
AIRCOMP_INLINE float logarithm(float x) {
    std::int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    // Mantissa into [sqrt(1/2), sqrt(2)), the exponent apart.
    const std::int32_t exponent = (bits - 0x3F3504F3) >> 23;
    const std::int32_t mantissa_bits = bits - exponent * (1 << 23);
    float mantissa;
    std::memcpy(&mantissa, &mantissa_bits, sizeof mantissa);
    const float y = mantissa - 1.0F;
    const float z = y * y;
    float p = 7.0376836292e-2F;
    p = p * y - 1.1514610310e-1F;
    p = p * y + 1.1676998740e-1F;
    p = p * y - 1.2420140846e-1F;
    p = p * y + 1.4249322787e-1F;
    p = p * y - 1.6668057665e-1F;
    p = p * y + 2.0000714765e-1F;
    p = p * y - 2.4999993993e-1F;
    p = p * y + 3.3333331174e-1F;
    return y * z * p - 0.5F * z + y + static_cast<float>(exponent) * 0.693147180559945F;
}

}  // namespace gr::aircomp::phy
