// SPDX-License-Identifier: GPL-3.0-or-later
// A driver that was compiled for another program.
#include "radio/drivers.hpp"

unsigned aircomp_driver_interface() {
    return aircomp::runtime::driver_interface + 1;
}

aircomp::runtime::RadioSession* aircomp_open_radio(const aircomp::runtime::RadioOptions&) {
    return nullptr;
}
