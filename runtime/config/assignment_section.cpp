// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section assignment.
#include "config/assignment_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<AssignmentConfig>& assignment_keys() {
    static const Keys<AssignmentConfig> keys = {
        number("compute_time_s", &AssignmentConfig::compute_time_s, "s", within(0, 1e9),
               "The longest that computing a token may take on any device; 0: any time."),
    };
    return keys;
}

}  // namespace aircomp::runtime
