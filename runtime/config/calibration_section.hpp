// SPDX-License-Identifier: GPL-3.0-or-later
// The section calibration: what schemes make of a model's calibration file.
#pragma once

#include <filesystem>

#include "config/section.hpp"

namespace aircomp::runtime {

/// What calibration.file is where the program is to make the calibration itself, once a model.
inline const std::filesystem::path automatic_calibration = "auto";

struct CalibrationConfig {
    /// Empty: none, and the other keys say nothing.
    std::filesystem::path file;
    bool prediction = true;
    bool first_token = true;
    bool transform = true;
    bool site_power = true;
    bool token_power = true;
    double max_compute = 0.05;  ///< Of the devices' FLOP, for predictions and transforms.
    double vector_headroom_db = 12;
    bool carry = true;  ///< What a vector lacks when it is sent goes with the next site's.
};

const Keys<CalibrationConfig>& calibration_keys();

}  // namespace aircomp::runtime
