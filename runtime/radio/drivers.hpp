// SPDX-License-Identifier: GPL-3.0-or-later
// What a driver's module gives: the one function that is looked up in it by name.
#pragma once

#include "radio/radio_session.hpp"

/// Of lib/aircomp/libaircomp_uhd_driver.so. The caller owns what it returns; throws as open_radio()
/// does.
extern "C" aircomp::runtime::RadioSession* aircomp_open_uhd_radio(
    const aircomp::runtime::RadioOptions& options);
