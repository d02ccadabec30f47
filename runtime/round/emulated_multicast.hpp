// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages over an emulated air, in one thread and in the air's time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "air/waveform_air.hpp"
#include "round/emulated_radios.hpp"
#include "round/multicast_link.hpp"

namespace aircomp::runtime {

class EmulatedMulticast final : public MulticastLink {
public:
    /// `due` says when the next message may begin, by the air's clock; where that is past, it begins as
    /// soon as the air is free. Air and devices must outlive the object.
    EmulatedMulticast(const Config& config, const phy::BurstFormat& format, WaveformAir& air,
                      EmulatedDevices& devices, std::function<Ticks()> due);

    std::optional<RoundFault> train(const MulticastPlan& plan) override;
    std::optional<RoundFault> send(const MulticastPlan& plan, std::size_t header_antenna,
                                   gsl::span<std::uint8_t> message) override;
    Ticks header() const override { return header_; }

private:
    std::optional<RoundFault> fault_of(std::optional<std::size_t> deaf) const;
    bool receives(std::size_t device, const MulticastPlan& plan,
                  const std::vector<phy::Sample>& received, gsl::span<std::uint8_t> message);
    std::vector<phy::Sample> header_window(std::size_t device,
                                           const std::vector<phy::Sample>& received) const;

    double power_w_;
    bool follows_headers_;  // devices have oscillators of their own
    std::size_t header_samples_;
    std::vector<std::string> names_;     // by device
    std::vector<std::size_t> antennas_;  // the same
    phy::MulticastTransmitter transmitter_;
    std::vector<phy::MulticastReceiver> receivers_;
    WaveformAir& air_;
    EmulatedDevices& devices_;
    std::function<Ticks()> due_;
    Ticks header_ = 0;
};

}  // namespace aircomp::runtime
