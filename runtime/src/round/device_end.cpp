// SPDX-License-Identifier: GPL-3.0-or-later
// Headers into the offset tracker, its predictions into bursts.
#include "round/device_end.hpp"

namespace aircomp::runtime {

DeviceEnd::DeviceEnd(const phy::BurstFormat& format, const phy::Payload& payload,
                     std::size_t device, const phy::OscillatorModel& oscillator,
                     double sample_rate_hz, std::size_t header_window)
    : format_(format),
      device_(device),
      sample_rate_hz_(sample_rate_hz),
      oscillator_(oscillator),
      transmitter_(format, payload, format.device_antennas.at(device)),
      header_receiver_(format, format.device_antennas.at(device), header_window),
      tracker_(oscillator) {}

void DeviceEnd::begin_anew() {
    header_receiver_.reset();
    tracker_ = phy::OffsetTracker(oscillator_);
}

void DeviceEnd::forget_phase() {
    header_receiver_.reset();
    tracker_.forget_phase();
}

phy::HeaderMeasurement DeviceEnd::hear(gsl::span<const phy::Sample> received, double begin) {
    const auto heard = header_receiver_.measure(received);
    if (!heard.found) return heard;
    // The header shows the server's oscillator relative to the device's.
    tracker_.update((begin + heard.middle_samples) / sample_rate_hz_, -heard.phase,
                    heard.phase_variance, -heard.sync.offset * sample_rate_hz_,
                    heard.sync.offset_variance * sample_rate_hz_ * sample_rate_hz_);
    return heard;
}

OscillatorCorrection DeviceEnd::predict(double begin) const {
    const auto at = tracker_.predict(begin / sample_rate_hz_);
    return {at.phase, at.offset_hz / sample_rate_hz_};
}

phy::TransmitReport DeviceEnd::sounding_burst(double power_w,
                                              const OscillatorCorrection& correction,
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
                                          double clip_level, const OscillatorCorrection& correction,
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
