// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages over radios: real ones or virtual, of this process or of daemons.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/multicast.hpp"
#include "round/multicast_link.hpp"
#include "round/multicast_order.hpp"
#include "round/round_scheduler.hpp"
#include "round/server_radio.hpp"

namespace aircomp::runtime {

/// The devices' side of messages, wherever they are.
class RadioListeners {
public:
    virtual ~RadioListeners() = default;

    /// Whose radios listen, as indices of the configuration's devices.
    virtual std::vector<std::size_t> listeners() const = 0;

    /// Has them all receive one burst, and does the server's part, `server`, meanwhile. An entry for
    /// each device of the configuration; others than listeners' are not looked at.
    virtual std::vector<MulticastReport> listen(const MulticastOrder& order,
                                                const std::function<void()>& server) = 0;
};

class RadioMulticast final : public MulticastLink {
public:
    /// Times are the scheduler's. All must outlive the object.
    RadioMulticast(const Config& config, const phy::BurstFormat& format, RoundScheduler& scheduler,
                   ServerRadio& server, RadioListeners& devices);

    std::optional<RoundFault> train(const MulticastPlan& plan) override;
    std::optional<RoundFault> send(const MulticastPlan& plan, std::size_t header_antenna,
                                   gsl::span<std::uint8_t> message) override;
    Ticks header() const override { return header_; }

private:
    std::optional<RoundFault> bring(MulticastOrder& order, gsl::span<const phy::Sample> burst);

    phy::BurstFormat format_;
    double power_w_;
    std::vector<std::string> names_;
    phy::MulticastTransmitter transmitter_;
    RoundScheduler& scheduler_;
    ServerRadio& server_;
    RadioListeners& devices_;
    std::vector<MulticastReport> reports_;  ///< Of the last burst.
    Ticks header_ = 0;
};

}  // namespace aircomp::runtime
