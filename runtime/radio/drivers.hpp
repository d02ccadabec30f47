// SPDX-License-Identifier: GPL-3.0-or-later
// What makes a shared object a driver. `libaircomp_NAME_driver.so` is the driver NAME where it lies
// in a folder that AIRCOMP_DRIVERS names, or beside the program in ../lib/aircomp; the program loads
// it with the first radio that asks for it. docs/radio-session.md shows one.
#pragma once

#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// One up with every change of radio_session.hpp: a driver of another one is refused.
constexpr unsigned driver_interface = 2;

}  // namespace aircomp::runtime

extern "C" {

/// Of the driver: aircomp::runtime::driver_interface as it was compiled with.
__attribute__((visibility("default"))) unsigned aircomp_driver_interface();

/// Of the driver: opens a radio. The caller owns what it returns; throws as open_radio() does.
__attribute__((visibility("default"))) aircomp::runtime::RadioSession* aircomp_open_radio(
    const aircomp::runtime::RadioOptions& options);
}
