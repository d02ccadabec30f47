// SPDX-License-Identifier: GPL-3.0-or-later
// Every device of a testbed taking part, with all the power that it has.
#pragma once

#include <vector>

#include "config/config.hpp"

namespace aircomp::runtime {

inline std::vector<double> full_power(const Config& config) {
    std::vector<double> power_w;
    for (const auto& device : config.devices)
        power_w.push_back(device.max_power_w);
    return power_w;
}

}  // namespace aircomp::runtime
