// SPDX-License-Identifier: GPL-3.0-or-later
// The media of schemes over the air, one for each depth, a file each.
#pragma once

#include <memory>

#include "air/radio_cell.hpp"
#include "coding/analog_codec.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// Over the air, equations (2)-(3), channel use by channel use, with the named transceiver design.
std::unique_ptr<Medium> make_symbol_medium(RadioCell cell, AnalogCodec codec,
                                           const std::string& design);

/// Over the air, sample by sample: bursts of the phy kernels through the channel emulator, with
/// headers, sounding and the configuration's impairments.
std::unique_ptr<Medium> make_waveform_medium(RadioCell cell, AnalogCodec codec,
                                             const std::string& design);

/// Over the radios of the configuration, all in this process. Opens them.
std::unique_ptr<Medium> make_radio_medium(RadioCell cell, AnalogCodec codec,
                                          const std::string& design);

}  // namespace aircomp::runtime
