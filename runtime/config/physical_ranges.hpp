// SPDX-License-Identifier: GPL-3.0-or-later
// Ranges of quantities that several keys have: wider than any radio or processor, and narrow enough
// that products and quotients of a few such numbers stay finite.
#pragma once

#include "config/range.hpp"

namespace aircomp::runtime {

inline const Range flops_per_s_range = within(1, 1e21);
inline const Range energy_j_per_flop_range = within(0, 1);
inline const Range bytes_per_s_range = within(1, 1e18);
inline const Range frequency_range = within(1, 1e12);          ///< Hz, of carriers and bandwidths.
inline const Range transmit_power_range = within(1e-12, 1e6);  ///< W
inline const Range radio_power_range = within(0, 1e6);         ///< W, of what is not transmitted.
inline const Range path_gain_range = within(1e-20, 1e6);       ///< Of power, linear.

}  // namespace aircomp::runtime
