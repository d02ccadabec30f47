// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages over an emulated air, in one thread and in the air's time.
#pragma once

#include <optional>
#include <vector>

#include "air/waveform_air.hpp"
#include "round/emulated_radios.hpp"
#include "round/multicast_plan.hpp"

namespace aircomp::runtime {

class EmulatedMulticast {
public:
    /// Air and devices must outlive the object.
    EmulatedMulticast(const Config& config, const phy::BurstFormat& format, WaveformAir& air,
                      EmulatedDevices& devices);

    /// Sends the burst from which devices learn the plan's streams. Returns the first device that did
    /// not hear it.
    std::optional<std::size_t> train(const MulticastPlan& plan);

    /// Sends `message` at `begin`, or as soon as the air is free, and leaves there what devices decoded.
    /// Its header is from `header_antenna`. Returns the first device that could not decode it; then
    /// `message` is as it was.
    std::optional<std::size_t> send(const MulticastPlan& plan, std::size_t header_antenna,
                                    Ticks begin, gsl::span<std::uint8_t> message);

    /// Where the last message's header began.
    Ticks header() const { return header_; }

private:
    bool receives(std::size_t device, const MulticastPlan& plan,
                  const std::vector<phy::Sample>& received, gsl::span<std::uint8_t> message);
    std::vector<phy::Sample> header_window(std::size_t device,
                                           const std::vector<phy::Sample>& received) const;

    double power_w_;
    bool follows_headers_;  // devices have oscillators of their own
    std::size_t header_samples_;
    std::vector<std::size_t> antennas_;  // by device
    phy::MulticastTransmitter transmitter_;
    std::vector<phy::MulticastReceiver> receivers_;
    WaveformAir& air_;
    EmulatedDevices& devices_;
    Ticks header_ = 0;
};

}  // namespace aircomp::runtime
