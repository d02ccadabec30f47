// SPDX-License-Identifier: GPL-3.0-or-later
// FNV-1a, and a sum with signs.
#include "daemon/check.hpp"

namespace aircomp::runtime::testbed {

std::uint64_t check_of(gsl::span<const std::byte> bytes) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const std::byte byte : bytes)
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211ULL;
    return hash;
}

double check_sum(gsl::span<const float> values) {
    constexpr std::uint64_t step = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
    std::uint64_t place = 0;
    double sum = 0;
    for (const float value : values) {
        sum += place >> 63 == 0 ? value : -value;
        place += step;
    }
    return sum;
}

}  // namespace aircomp::runtime::testbed
