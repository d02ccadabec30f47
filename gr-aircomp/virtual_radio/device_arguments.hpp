// SPDX-License-Identifier: GPL-3.0-or-later
// The device arguments of a virtual radio:
//
//   type=aircomp           required: without it no virtual radio is found
//   air=SOCKET             joins the air of the server `aircomp-air` that listens there; or
//   config=FILE            the air of this file, shared by all of this process that name it;
//                          neither: ideal boards, any two linked by a gain of 1
//   name=NAME              the board; name0=, name1=, ... for several boards in one device;
//                          addr and serial serve as well
//   boards=N|all           instead of names: the first N boards of the air in one device; default 1
//   channels=N             antennas of every ideal board; default 1
//   seed=N                 of an ideal air; default 1
//   impairments=NAME       of all boards of this process's air, in place of its file's: none, pluto,
//                          b210 or x310
//   noise_power=P          of an ideal air, per received complex sample at gain 0 dB; default 0
//   clock=scaled|event     of this process's air: the wall's times time_scale, or as far as all who
//                          use it have come; default scaled
//   time_scale=S           of a scaled clock: radio seconds a wall second; default 1, the most
//   master_clock_rate=HZ   of an ideal air; default 200e6
//   send_buffer=N          samples that a transmit channel buffers; default 1048576
#pragma once

#include <memory>
#include <uhd/types/device_addr.hpp>
#include <vector>

#include "air.hpp"

namespace gr::aircomp::virtual_radio {

/// Whether the arguments ask for a virtual radio at all.
bool asks_for_virtual_radio(const uhd::device_addr_t& arguments);

/// What to open: an air, boards of it, and how their streamers behave.
struct Opening {
    std::shared_ptr<Air> air;
    std::vector<std::size_t> boards;
    std::size_t send_buffer_samples;
};

/// Throws uhd::value_error "aircomp: ARGUMENT: expected ..., found ...".
Opening open_air(const uhd::device_addr_t& arguments);

/// Boards of the air that the arguments name, or the first. Throws as open_air() does.
std::vector<std::size_t> chosen_boards(const uhd::device_addr_t& arguments, const AirConfig& air);

/// Addresses of the devices that the arguments describe: one for every board where they name none.
uhd::device_addrs_t find_boards(const uhd::device_addr_t& arguments);

}  // namespace gr::aircomp::virtual_radio
