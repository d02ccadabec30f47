// SPDX-License-Identifier: GPL-3.0-or-later
// FNV-1a.
#include "daemon/check.hpp"

#include <algorithm>

namespace aircomp::runtime::testbed {

std::uint64_t check_of(gsl::span<const std::byte> bytes) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const std::byte byte : bytes)
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211ULL;
    return hash;
}

std::uint64_t check_of(gsl::span<const float> values) {
    return std::max<std::uint64_t>(1, check_of(gsl::as_bytes(values)));
}

}  // namespace aircomp::runtime::testbed
