// SPDX-License-Identifier: GPL-3.0-or-later
// A text of the air's quantities, and its number.
#include "daemon/air_fingerprint.hpp"

#include <sstream>

#include "coding/analog_codec.hpp"
#include "config/waveform_format.hpp"
#include "daemon/check.hpp"

namespace aircomp::runtime::testbed {

std::uint64_t air_fingerprint(const Config& config, std::int64_t length) {
    const auto format = burst_format(config);
    const auto payload = payload_of(config, length);
    std::ostringstream text;
    text.precision(17);
    for (const std::size_t number :
         {std::size_t{format.fft_size}, std::size_t{format.guard_low},
          std::size_t{format.guard_high}, std::size_t{format.prefix},
          std::size_t{format.sync_periods}, std::size_t{format.pilots},
          std::size_t{format.resource_block}, std::size_t{format.ramp},
          std::size_t{format.sounding_symbols}, std::size_t{format.data_preamble}, payload.length,
          payload.streams})
        text << number << ' ';
    text << payload.rotation_seed.value_or(0) << ' ' << config.analog.rotation << ' '
         << config.analog.clip_level << ' ' << config.radio.bandwidth_hz << ' '
         << config.radios.frequency_hz << ' ' << config.radios.unit_power_dbfs << ' '
         << config.radio.downlink << ' ' << config.radio.downlink_bits << ' '
         << config.radio.server_power_w << ' ' << config.radio.server_antennas;
    for (const auto& device : config.devices)
        text << ' ' << device.name << ' ' << device.antennas << ' ' << device.max_power_w;
    const std::string whole = text.str();
    return check_of(gsl::as_bytes(gsl::span<const char>(whole)));
}

}  // namespace aircomp::runtime::testbed
