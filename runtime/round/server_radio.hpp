// SPDX-License-Identifier: GPL-3.0-or-later
// The server's radio in a round, whatever computes its samples: sends the headers, and receives
// what the devices send together.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "round/round_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

class ServerRadio {
public:
    virtual ~ServerRadio() = default;

    /// Its clock and carrier, for bring_up().
    virtual TimedRadio& timed() = 0;

    /// The coordinator is alive: for another limits.watchdog_s transmissions are allowed.
    virtual void feed() = 0;

    /// One sounding; `power_w` is what each device sounds with, 0 for one that does not. Found
    /// where every device is that sounds.
    virtual ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) = 0;

    /// What the last sounding showed; only where its report was found.
    virtual const phy::SoundingReport& sounding() const = 0;

    /// One sum, to `sum`, which stays as it is where there is none.
    virtual ServerReport sum(const RoundOrder& order, const ServerSettings& settings,
                             gsl::span<float> sum) = 0;
};

/// What a sounding says; found where every device is that sounds, those with a `power_w` above 0.
void add_sounding(const phy::SoundingReport& sounding, gsl::span<const double> power_w,
                  ServerReport& report);

/// What a sum's receiver says.
void add_sum(const phy::ReceiveReport& received, ServerReport& report);

class FlowgraphHost;

/// The server's radio; as open_device_radio() does.
std::unique_ptr<ServerRadio> open_server_radio(
    const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
    const RadioOpener& open = open_radio,
    const std::shared_ptr<FlowgraphHost>& flowgraphs = nullptr);

}  // namespace aircomp::runtime
