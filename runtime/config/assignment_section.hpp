// SPDX-License-Identifier: GPL-3.0-or-later
// The section assignment: what the long timescale keeps.
#pragma once

#include "config/section.hpp"

namespace aircomp::runtime {

/// What the long timescale has to keep besides the devices' own limits.
struct AssignmentConfig {
    double compute_time_s = 0;  ///< tau: longest computing time of a token; 0: any.
};

const Keys<AssignmentConfig>& assignment_keys();

}  // namespace aircomp::runtime
