// SPDX-License-Identifier: GPL-3.0-or-later
// The section digital: how schemes turn partials into bits.
#pragma once

#include "config/section.hpp"

namespace aircomp::runtime {

/// Levels at equal distances up to the largest value, or the best ones for a Gaussian.
enum class Quantiser { uniform, lloyd_max };

/// Of a value, with Quantiser::lloyd_max.
constexpr int most_lloyd_max_bits = 6;

struct DigitalConfig {
    double bits = 8;  ///< Of a value; the mean over a vector where it is no whole number.
    Quantiser quantiser = Quantiser::uniform;
    bool error_feedback = false;  ///< Equation (19).
};

const Keys<DigitalConfig>& digital_keys();

/// How many bits a quantiser may have.
void check_digital(const DigitalConfig& digital, const Checker& check);

}  // namespace aircomp::runtime
