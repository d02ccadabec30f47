// SPDX-License-Identifier: GPL-3.0-or-later
// The section analog: how partials become analog symbols.
#pragma once

#include "config/section.hpp"

namespace aircomp::runtime {

enum class ScalePolicy { calibrated, shared, exchanged };

struct AnalogConfig {
    ScalePolicy scale = ScalePolicy::calibrated;
    bool rotation = true;
    double clip_level = 8;  ///< Largest real sent, in units of its design's standard deviation.
};

const Keys<AnalogConfig>& analog_keys();

}  // namespace aircomp::runtime
