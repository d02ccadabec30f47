// SPDX-License-Identifier: GPL-3.0-or-later
// Waits that double.
#include "daemon/device/reconnection.hpp"

#include <algorithm>

namespace aircomp::runtime::testbed {

double BackOff::next_s() {
    const double factor = 0.75 + 0.5 * static_cast<double>(random_() >> 11) * 0x1p-53;
    const double wait_s = wait_s_ * factor;
    wait_s_ = std::min(2 * wait_s_, longest_wait_s);
    return wait_s;
}

}  // namespace aircomp::runtime::testbed
