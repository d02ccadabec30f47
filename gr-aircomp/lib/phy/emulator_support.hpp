// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of the channel emulator share: its grid of time, its checks.
#pragma once

#include <cstddef>
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

}  // namespace gr::aircomp::phy::emulation
