// SPDX-License-Identifier: GPL-3.0-or-later
// Partials and soundings into bursts.
#include "round/device_end.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::runtime {

phy::OscillatorModel oscillator_model(double linewidth_hz, double carrier_offset_hz) {
    phy::OscillatorModel model;
    model.linewidth_hz = linewidth_hz;
    model.initial_offset_hz = std::max(1.0, carrier_offset_hz);
    return model;
}

phy::OscillatorModel oscillator_model(const RadiosConfig& radios) {
    return oscillator_model(radios.linewidth_hz, radios.carrier_offset_hz);
}

DeviceEnd::DeviceEnd(const Config& config, const phy::BurstFormat& format,
                     const phy::Payload& payload, std::size_t device,
                     const phy::OscillatorModel& oscillator, std::size_t header_window)
    : format_(format),
      device_(device),
      sample_rate_hz_(config.radio.bandwidth_hz),
      max_power_w_(config.devices.at(device).max_power_w),
      clip_level_(config.analog.clip_level),
      transmitter_(format, payload, format.device_antennas.at(device)),
      headers_(format, format.device_antennas.at(device), header_window, oscillator,
               sample_rate_hz_) {}

bool DeviceEnd::hear(gsl::span<const phy::Sample> received, double begin, DeviceReport& report) {
    const auto heard = headers_.hear(received, begin);
    report.header_found = heard.found;
    report.header_snr_db = 10 * std::log10(std::max(1e-20, heard.sync.snr));
    return heard.found;
}

void DeviceEnd::write_burst(const RoundOrder& order, const DeviceSettings& settings,
                            gsl::span<const float> partial,
                            const phy::OscillatorCorrection& correction,
                            std::vector<phy::Sample>& samples, DeviceReport& report) {
    phy::TransmitSettings transmit;
    transmit.phase = correction.phase;
    transmit.offset = correction.offset;
    phy::TransmitReport sent;
    if (order.sounding) {
        transmit.preamble_power_w = max_power_w_;
        samples.resize(antennas() * format_.sounding_samples());
        sent = transmitter_.sounding_burst(device_, max_power_w_, transmit, samples);
    } else {
        transmit.scale = order.scale;
        transmit.second_moment = settings.second_moment;
        transmit.clip_level = clip_level_;
        transmit.precoders = settings.precoders;
        transmit.preamble_power_w = settings.preamble_power_w;
        samples.resize(antennas() * transmitter_.burst_samples());
        sent = transmitter_.data_burst(partial, transmit, samples);
    }
    report.offset_hz = correction.offset * sample_rate_hz_;
    report.mean_power_w = sent.mean_power_w;
    report.clipped_reals = sent.clipped;
}

}  // namespace aircomp::runtime
