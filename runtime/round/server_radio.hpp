// SPDX-License-Identifier: GPL-3.0-or-later
// The server's radio in a round, whatever computes its samples: sends the headers, and receives
// what the devices send together. Whoever orders a round is alive: it feeds the radio's watchdog.
#pragma once

#include <memory>
#include <stdexcept>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "round/multicast_order.hpp"
#include "round/round_ends.hpp"

namespace aircomp::runtime {

class ServerRadio : public RoundServer {
public:
    /// Its clock and carrier, for bring_up().
    virtual TimedRadio& timed() = 0;

    Ticks now() override { return timed().now(); }

    /// Sends one burst of all antennas, [antennas, samples], beside rounds. Throws std::logic_error as
    /// DeviceRadio::listen() does.
    virtual BroadcastReport broadcast(Ticks, gsl::span<const phy::Sample>) {
        throw std::logic_error("this radio's chain sends no messages");
    }
};

class FlowgraphHost;

/// The server's radio; as open_device_radio() does.
std::unique_ptr<ServerRadio> open_server_radio(
    const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
    const RadioOpener& open = open_radio,
    const std::shared_ptr<FlowgraphHost>& flowgraphs = nullptr);

}  // namespace aircomp::runtime
