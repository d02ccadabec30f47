// SPDX-License-Identifier: GPL-3.0-or-later
// Well-known boards by name: what their makers say of them.
#pragma once

#include <string>
#include <vector>

namespace aircomp::runtime {

/// Peak figures, which one token at a time reaches where memory does not hold it up.
struct DevicePreset {
    std::string name;
    double compute_flops_per_s;  ///< float32
    double energy_j_per_flop;    ///< Power at full load over that.
    double memory_bytes;
    double memory_bandwidth_bytes_per_s;
    std::string source;
};

const std::vector<DevicePreset>& device_presets();

}  // namespace aircomp::runtime
