// SPDX-License-Identifier: GPL-3.0-or-later
// Samples that can be calculated with: a NaN, an infinity or a number whose square overflows is
// kept out of searches, and no window that holds one becomes a sum or an estimate.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// The power of a sample beyond which a sum over a window may overflow.
constexpr float most_power = 1e30F;

/// False for what is not a number, too: it compares less than nothing.
inline bool usable(float power) {
    return power < most_power;
}

inline bool usable(gsl::span<const Sample> samples) {
    const auto* const x = reinterpret_cast<const float*>(samples.data());
    bool all = true;
    for (std::size_t i = 0; i < samples.size(); ++i)
        all &= usable(x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]);
    return all;
}

/// Throws std::invalid_argument unless `value` is a number that is finite and at least 0.
inline void require_power(const char* what, double value) {
    if (std::isfinite(value) && value >= 0) return;
    throw std::invalid_argument(std::string(what) + ": expected at least 0, found " +
                                std::to_string(value));
}

}  // namespace gr::aircomp::phy
