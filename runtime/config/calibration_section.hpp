// SPDX-License-Identifier: GPL-3.0-or-later
// The section calibration: what analog schemes make of a model's calibration file.
#pragma once

#include <filesystem>

#include "config/section.hpp"

namespace aircomp::runtime {

struct CalibrationConfig {
    std::filesystem::path file;  ///< Empty: none, and the other keys say nothing.
    bool prediction = true;
    bool first_token = true;
    bool transform = true;
    bool site_power = true;
    bool token_power = true;
    double vector_headroom_db = 12;
};

const Keys<CalibrationConfig>& calibration_keys();

}  // namespace aircomp::runtime
