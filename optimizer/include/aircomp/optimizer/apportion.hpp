// SPDX-License-Identifier: GPL-3.0-or-later
// Real shares to whole units: KV groups and FFN columns of a layer over the devices.
#pragma once

#include <cstdint>
#include <vector>

namespace aircomp::optimizer {

/// Throws std::invalid_argument unless the shares are finite, not negative and sum to 1 within
/// 1e-6; the message tells the sum or the index.
void validate_shares(const std::vector<double>& shares);

/// Largest remainder: integers that sum to `units` exactly, each within one of share * units. A
/// zero share gets zero; ties go to the lowest index. Throws std::invalid_argument as
/// validate_shares does, or if `units` is negative.
std::vector<std::int64_t> apportion(const std::vector<double>& shares, std::int64_t units);

}  // namespace aircomp::optimizer
