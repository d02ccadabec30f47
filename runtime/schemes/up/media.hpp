// SPDX-License-Identifier: GPL-3.0-or-later
// The media behind the factory, one file each.
#pragma once

#include <memory>

#include "air/radio_cell.hpp"
#include "coding/analog_codec.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// No link: the float64 sum, rounded once, at no cost.
std::unique_ptr<Medium> make_exact_medium(std::size_t devices);

/// How digital devices share the uplink.
enum class DigitalAccess { one_after_another, space_division };

/// Partials quantised to `config.digital_bits`, no bit errors, time at Shannon's rate.
std::unique_ptr<Medium> make_digital_medium(RadioCell cell, std::int64_t length,
                                            DigitalAccess access);

/// Uncoded analog, a subband per device; the server adds what it received.
std::unique_ptr<Medium> make_fdma_medium(RadioCell cell, AnalogCodec codec);

/// Over the air, equations (2)-(3), channel use by channel use, with the named transceiver design.
std::unique_ptr<Medium> make_symbol_medium(RadioCell cell, AnalogCodec codec,
                                           const std::string& design);

/// Over the air in two hops, channel use by channel use: clusters of devices sum at relays, one
/// cluster after the other, relays sum at the server.
std::unique_ptr<Medium> make_hierarchical_medium(RadioCell cell, AnalogCodec codec);

/// Over the air, sample by sample: bursts of the phy kernels through the channel emulator, with
/// headers, sounding and the configuration's impairments.
std::unique_ptr<Medium> make_waveform_medium(RadioCell cell, AnalogCodec codec,
                                             const std::string& design);

/// Over the radios of the configuration, all in this process. Opens them.
std::unique_ptr<Medium> make_radio_medium(RadioCell cell, AnalogCodec codec,
                                          const std::string& design);

}  // namespace aircomp::runtime
