// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers by which two processes see whether they mean the same: they tell mistakes, not malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>

namespace aircomp::runtime::testbed {

/// FNV-1a of the bytes.
std::uint64_t check_of(gsl::span<const std::byte> bytes);

/// A sum of the values with signs that look random: equal where all of them are equal, and as far apart
/// as the values are, where these differ by what processors round or by more.
double check_sum(gsl::span<const float> values);

}  // namespace aircomp::runtime::testbed
