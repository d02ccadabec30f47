// SPDX-License-Identifier: GPL-3.0-or-later
// Partials and soundings into bursts.
#include "round/device_end.hpp"

#include <algorithm>

namespace aircomp::runtime {

phy::OscillatorModel oscillator_model(const RadiosConfig& radios) {
    phy::OscillatorModel model;
    model.linewidth_hz = radios.linewidth_hz;
    model.initial_offset_hz = std::max(1.0, radios.carrier_offset_hz);
    return model;
}

DeviceEnd::DeviceEnd(const phy::BurstFormat& format, const phy::Payload& payload,
                     std::size_t device, const phy::OscillatorModel& oscillator,
                     double sample_rate_hz, std::size_t header_window)
    : format_(format),
      device_(device),
      transmitter_(format, payload, format.device_antennas.at(device)),
      headers_(format, format.device_antennas.at(device), header_window, oscillator,
               sample_rate_hz) {}

phy::TransmitReport DeviceEnd::sounding_burst(double power_w,
                                              const phy::OscillatorCorrection& correction,
                                              std::vector<phy::Sample>& samples) {
    phy::TransmitSettings transmit;
    transmit.preamble_power_w = power_w;
    transmit.phase = correction.phase;
    transmit.offset = correction.offset;
    samples.resize(antennas() * format_.sounding_samples());
    return transmitter_.sounding_burst(device_, power_w, transmit, samples);
}

phy::TransmitReport DeviceEnd::data_burst(gsl::span<const float> vector,
                                          const DeviceSettings& settings, double scale,
                                          double clip_level,
                                          const phy::OscillatorCorrection& correction,
                                          std::vector<phy::Sample>& samples) {
    phy::TransmitSettings transmit;
    transmit.scale = scale;
    transmit.second_moment = settings.second_moment;
    transmit.clip_level = clip_level;
    transmit.precoders = settings.precoders;
    transmit.preamble_power_w = settings.preamble_power_w;
    transmit.phase = correction.phase;
    transmit.offset = correction.offset;
    samples.resize(antennas() * burst_samples());
    return transmitter_.data_burst(vector, transmit, samples);
}

}  // namespace aircomp::runtime
