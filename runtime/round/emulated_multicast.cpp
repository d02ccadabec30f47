// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts of the server, and what every device makes of them.
#include "round/emulated_multicast.hpp"

#include <algorithm>
#include <utility>

#include "round/round_rules.hpp"

namespace aircomp::runtime {

EmulatedMulticast::EmulatedMulticast(const Config& config, const phy::BurstFormat& format,
                                     WaveformAir& air, EmulatedDevices& devices,
                                     std::function<Ticks()> due)
    : power_w_(config.radio.server_power_w),
      follows_headers_(is_free_running(config.waveform)),
      header_samples_(format.header_samples()),
      antennas_(format.device_antennas.begin(), format.device_antennas.end()),
      transmitter_(format, static_cast<std::size_t>(config.radio.server_antennas)),
      air_(air),
      devices_(devices),
      due_(std::move(due)) {
    for (const DeviceConfig& device : config.devices)
        names_.push_back(device.name);
    for (const std::size_t antennas : antennas_)
        receivers_.emplace_back(format, antennas, WaveformAir::lead(),
                                air.window(0) - WaveformAir::lead());
}

std::optional<RoundFault> EmulatedMulticast::fault_of(std::optional<std::size_t> deaf) const {
    if (!deaf) return std::nullopt;
    return RoundFault{deaf, "the last did not reach " + names_[*deaf], false};
}

std::optional<RoundFault> EmulatedMulticast::train(const MulticastPlan& plan) {
    const std::size_t streams = plan.modulation.streams;
    const auto begin = static_cast<Ticks>(air_.now() + static_cast<double>(WaveformAir::lead()));
    const auto& received = air_.downlink(transmitter_.training(plan.beams, streams, power_w_));
    std::optional<std::size_t> deaf;
    for (std::size_t n = 0; n < receivers_.size(); ++n) {
        if (!devices_.takes_part(n)) continue;
        phy::OscillatorCorrection oscillator;
        if (follows_headers_) oscillator = devices_.oscillator_at(n, begin);
        const bool has_learned = receivers_[n].train(received[n], streams, power_w_,
                                                     oscillator.phase, oscillator.offset);
        if (!has_learned && !deaf) deaf = n;
    }
    return fault_of(deaf);
}

std::optional<RoundFault> EmulatedMulticast::send(const MulticastPlan& plan,
                                                  std::size_t header_antenna,
                                                  gsl::span<std::uint8_t> message) {
    const auto burst =
        transmitter_.message(message, plan.modulation, plan.beams, power_w_, header_antenna);
    constexpr auto lead = static_cast<double>(WaveformAir::lead());
    air_.idle(static_cast<double>(due_()) - lead - air_.now());
    header_ = static_cast<Ticks>(air_.now() + lead);
    const auto& received = air_.downlink(burst);
    std::vector<std::uint8_t> decoded(message.size());
    std::optional<std::size_t> deaf;
    for (std::size_t n = 0; n < receivers_.size(); ++n) {
        if (!devices_.takes_part(n)) continue;
        if (!receives(n, plan, received[n], decoded) && !deaf) deaf = n;
    }
    if (!deaf) std::copy(decoded.begin(), decoded.end(), message.begin());
    return fault_of(deaf);
}

bool EmulatedMulticast::receives(std::size_t device, const MulticastPlan& plan,
                                 const std::vector<phy::Sample>& received,
                                 gsl::span<std::uint8_t> message) {
    phy::OscillatorCorrection oscillator;
    if (follows_headers_) {
        if (!devices_.hear(device, header_window(device, received), header_)) return false;
        oscillator = devices_.oscillator_at(device, header_);
    }
    return receivers_[device]
        .receive(received, plan.modulation, oscillator.phase, oscillator.offset, message)
        .decoded;
}

/// The begin of every antenna's window.
std::vector<phy::Sample> EmulatedMulticast::header_window(
    std::size_t device, const std::vector<phy::Sample>& received) const {
    const std::size_t window = air_.window(header_samples_);
    const std::size_t whole = received.size() / antennas_[device];
    std::vector<phy::Sample> header(antennas_[device] * window);
    for (std::size_t t = 0; t < antennas_[device]; ++t)
        std::copy_n(&received[t * whole], window, &header[t * window]);
    return header;
}

}  // namespace aircomp::runtime
