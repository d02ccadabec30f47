// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of the channel emulator share: its grid of time, its checks, its seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>

namespace gr::aircomp::phy::emulation {

constexpr double pi = 3.14159265358979323846;
/// Samples over which paths and timing stand still, and over which phase noise is linear.
constexpr std::size_t block = 64;
constexpr std::size_t piece = 16;
/// Samples that pass through all stages before the next: with their history they fit the caches.
constexpr std::size_t chunk = 1024;
/// Taps of the fractional delay.
constexpr std::size_t kernel_taps = 16;

template <typename T>
void require(bool holds, const char* what, const char* expected, T found) {
    if (holds) return;
    std::ostringstream message;
    message << "channel emulator: " << what << ": expected " << expected << ", found " << found;
    throw std::invalid_argument(message.str());
}

/// SplitMix64: the seed of what `index` counts.
inline std::uint64_t derive(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = seed + 0x9E3779B97F4A7C15 * (index + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

}  // namespace gr::aircomp::phy::emulation
