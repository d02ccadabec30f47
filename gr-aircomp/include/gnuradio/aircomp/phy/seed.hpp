// SPDX-License-Identifier: GPL-3.0-or-later
// Many seeds of one: whatever draws at random has a seed of its own.
#pragma once

#include <cstdint>

namespace gr::aircomp::phy {

/// SplitMix64 (Steele, Lea, Flood 2014): output `index`, from 0, of the generator that starts at
/// `seed`; the seed of what `index` counts.
constexpr std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = seed + 0x9E3779B97F4A7C15 * (index + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

}  // namespace gr::aircomp::phy
