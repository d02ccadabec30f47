// SPDX-License-Identifier: GPL-3.0-or-later
// A device's radio in a round, whatever computes its samples: hears the headers, and sends its
// burst at the common time.
#pragma once

#include <memory>
#include <stdexcept>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round/multicast_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

class DeviceRadio {
public:
    virtual ~DeviceRadio() = default;

    /// Its clock and carrier, for bring_up().
    virtual TimedRadio& timed() = 0;

    /// The clocks are set anew: what headers have shown so far means nothing any more.
    virtual void begin_anew() = 0;

    /// The coordinator is alive: for another limits.watchdog_s transmissions are allowed. From any
    /// thread.
    virtual void feed() = 0;

    /// Takes part in a round until its burst has ended, or was refused; `settings` and `partial`
    /// are not looked at where it is a sounding.
    virtual DeviceReport take_part(const RoundOrder& order, const DeviceSettings& settings,
                                   gsl::span<const float> partial) = 0;

    /// Receives a burst of the server's, whose message the report holds where it could be decoded.
    /// Throws std::logic_error where its chain has no way down: check_downlink() lets none of those in.
    virtual MulticastReport listen(const MulticastOrder&) {
        throw std::logic_error("this radio's chain receives no messages");
    }
};

class FlowgraphHost;

/// Where the flowgraphs of several radios of a process come from; null in a build without GNU
/// Radio.
std::shared_ptr<FlowgraphHost> make_flowgraph_host();

/// The radio of a device, an index of the configuration's, within the configuration's limits;
/// `open` is for one whose samples are computed here. Throws std::runtime_error where a limit would
/// be broken, before the radio is touched, or as open_radio() does, and std::invalid_argument where
/// the radio has other channels than the device antennas.
std::unique_ptr<DeviceRadio> open_device_radio(
    const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
    std::size_t device, const RadioOpener& open = open_radio,
    const std::shared_ptr<FlowgraphHost>& flowgraphs = nullptr);

}  // namespace aircomp::runtime
