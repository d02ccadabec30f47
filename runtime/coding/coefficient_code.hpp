// SPDX-License-Identifier: GPL-3.0-or-later
// Entropy codes of whole numbers around 0 whose width is known beforehand: the coefficients of equation
// (14b). All machines have the same tables, bit for bit.
#pragma once

#include <cstdint>

#include "coding/range_coder.hpp"

namespace aircomp::runtime {

/// Quarters of an octave: a width of w has numbers of the standard deviation 2^(w/4).
constexpr int least_width = -16, most_width = 80;
/// Numbers beyond it are not coded.
constexpr std::int32_t largest_coefficient = (1 << 26) - 1;

/// The width of a sum of two independent numbers.
int sum_of_widths(int a, int b);

/// Both take widths beyond the ends as the nearest that there is.
void put_coefficient(std::int32_t value, int width, RangeEncoder& encoder);
std::int32_t take_coefficient(int width, RangeDecoder& decoder);

/// What put_coefficient() takes, within a hundredth.
double coefficient_bits(std::int32_t value, int width);

}  // namespace aircomp::runtime
