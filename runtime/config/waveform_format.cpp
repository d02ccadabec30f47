// SPDX-License-Identifier: GPL-3.0-or-later
// From configuration to burst format.
#include "config/waveform_format.hpp"

#include <algorithm>

namespace aircomp::runtime {

phy::BurstFormat burst_format(const Config& config) {
    const WaveformConfig& waveform = config.waveform;
    phy::BurstFormat format;
    format.fft_size = static_cast<std::uint16_t>(waveform.fft_size);
    format.guard_low = static_cast<std::uint16_t>(waveform.guard_low);
    format.guard_high = static_cast<std::uint16_t>(waveform.guard_high);
    format.prefix = static_cast<std::uint16_t>(waveform.prefix);
    format.sync_periods = static_cast<std::uint16_t>(config.frame.sync_periods);
    format.data_preamble = config.frame.burst_preamble ? 1 : 0;
    format.pilots = static_cast<std::uint16_t>(waveform.pilots);
    format.resource_block = static_cast<std::uint16_t>(waveform.resource_block);
    format.ramp = std::min(format.ramp, format.prefix);
    const auto used = static_cast<std::int64_t>(format.used_subcarriers());
    const std::int64_t unknowns = static_cast<std::int64_t>(waveform.prefix) + 1;
    const std::int64_t symbols = (config.radio.pilots_per_antenna * unknowns + used - 1) / used;
    format.sounding_symbols =
        static_cast<std::uint16_t>(std::clamp<std::int64_t>(symbols, 1, 4096));
    format.device_antennas.clear();
    for (const DeviceConfig& device : config.devices)
        format.device_antennas.push_back(static_cast<std::uint16_t>(device.antennas));
    return format;
}

double payload_s(const Config& config, const phy::BurstFormat& format,
                 const phy::Payload& payload) {
    const std::size_t samples =
        format.data_symbols(payload.length, payload.streams) * format.symbol_samples();
    return static_cast<double>(samples) / config.radio.bandwidth_hz;
}

}  // namespace aircomp::runtime
