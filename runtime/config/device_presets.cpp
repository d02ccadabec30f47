// SPDX-License-Identifier: GPL-3.0-or-later
// The boards.
#include "config/device_presets.hpp"

namespace aircomp::runtime {

const std::vector<DevicePreset>& device_presets() {
    constexpr double gib = 1 << 30;
    static const std::vector<DevicePreset> presets = {
        {"raspberry-pi-5", 153.6e9, 78e-12, 8 * gib, 17.1e9,
         "BCM2712: 4 Cortex-A76 at 2.4 GHz, two 128 bit FMA units each; LPDDR4X-4267, 32 bit; 12 "
         "W"},
        {"jetson-orin-nano", 1.28e12, 11.7e-12, 8 * gib, 68e9,
         "data sheet of the 8 GB module: 1024 CUDA cores at 625 MHz, 68 GB/s, 15 W"},
        {"phone", 200e9, 25e-12, 12 * gib, 76.8e9,
         "CPU cores of a Snapdragon 8 Gen 3 for as long as they stay cool; LPDDR5X-9600, 64 bit; 5 "
         "W"},
        {"laptop", 600e9, 47e-12, 16 * gib, 76.8e9,
         "4 cores with AVX2 at 4.7 GHz, two 256 bit FMA units each; DDR5-4800, two channels; 28 W"},
    };
    return presets;
}

}  // namespace aircomp::runtime
