// SPDX-License-Identifier: GPL-3.0-or-later
// Whether coordinator and device mean the same air: one number of all that both ends take from
// their configurations and never tell each other.
#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace aircomp::runtime::testbed {

/// Of devices and antennas, burst format, payload of `length` reals, clip level, carrier, rate, the scale
/// of converters, and the way down with the server's antennas and power. Differs where any of them does; it tells mistakes, not malice.
std::uint64_t air_fingerprint(const Config& config, std::int64_t length);

}  // namespace aircomp::runtime::testbed
