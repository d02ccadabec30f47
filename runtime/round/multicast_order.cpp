// SPDX-License-Identifier: GPL-3.0-or-later
// Which bursts of the server have reached all devices.
#include "round/multicast_order.hpp"

namespace aircomp::runtime {
namespace {

std::string fault_of(const MulticastOrder& order, const MulticastReport& device) {
    if (!device.failure.empty()) return device.failure;
    if (device.window.state != WindowState::whole)
        return std::string("the window of the message was ") + to_string(device.window.state);
    if (order.training) return device.decoded ? "" : "did not find the training burst";
    if (!device.header_found) return "did not find the message's header";
    return device.decoded ? "" : "could not decode the message";
}

}  // namespace

std::size_t multicast_samples(const phy::BurstFormat& format, const MulticastOrder& order) {
    return order.training ? phy::training_samples(format, order.modulation.streams)
                          : phy::message_samples(format, order.message_bytes, order.modulation);
}

std::optional<RoundFault> fault_of(const MulticastOrder& order,
                                   const std::vector<std::string>& names,
                                   gsl::span<const std::size_t> listeners,
                                   const std::vector<MulticastReport>& devices,
                                   const BroadcastReport& server) {
    if (server.burst.state == BurstState::refused)
        return RoundFault{{}, "server: the message was refused: " + server.refusal, true};
    if (server.burst.state != BurstState::acknowledged)
        return RoundFault{
            {}, std::string("server: the message was ") + to_string(server.burst.state), false};
    for (const std::size_t n : listeners) {
        const std::string own = fault_of(order, devices[n]);
        if (!own.empty()) return RoundFault{n, "device '" + names[n] + "': " + own, false};
    }
    return std::nullopt;
}

}  // namespace aircomp::runtime
