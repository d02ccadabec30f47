// SPDX-License-Identifier: GPL-3.0-or-later
// One number by which two processes see whether they mean the same: it tells mistakes, not malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>

namespace aircomp::runtime::testbed {

/// FNV-1a of the bytes.
std::uint64_t check_of(gsl::span<const std::byte> bytes);

/// Of the bits of each value; never 0, which stands for nothing to compare.
std::uint64_t check_of(gsl::span<const float> values);

}  // namespace aircomp::runtime::testbed
