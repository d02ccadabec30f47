// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations compared key by key, so that a test names the key that differs.
#pragma once

#include "config/config.hpp"

namespace aircomp::runtime {

/// Checks all but the paths of model, calibration and certificates, which depend on where a file lies.
void check_equal(const Config& a, const Config& b);

}  // namespace aircomp::runtime
