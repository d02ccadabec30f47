// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts of the server in the time of rounds.
#include "round/radio_multicast.hpp"

#include <algorithm>

namespace aircomp::runtime {

RadioMulticast::RadioMulticast(const Config& config, const phy::BurstFormat& format,
                               RoundScheduler& scheduler, ServerRadio& server,
                               RadioListeners& devices)
    : format_(format),
      power_w_(config.radio.server_power_w),
      transmitter_(format, static_cast<std::size_t>(config.radio.server_antennas)),
      scheduler_(scheduler),
      server_(server),
      devices_(devices) {
    for (const DeviceConfig& device : config.devices)
        names_.push_back(device.name);
}

std::optional<RoundFault> RadioMulticast::train(const MulticastPlan& plan) {
    MulticastOrder order;
    order.training = true;
    order.modulation = plan.modulation;
    return bring(order, transmitter_.training(plan.beams, plan.modulation.streams, power_w_));
}

std::optional<RoundFault> RadioMulticast::send(const MulticastPlan& plan,
                                               std::size_t header_antenna,
                                               gsl::span<std::uint8_t> message) {
    MulticastOrder order;
    order.modulation = plan.modulation;
    order.message_bytes = message.size();
    auto fault = bring(order, transmitter_.message(message, plan.modulation, plan.beams, power_w_,
                                                   header_antenna));
    header_ = order.begin;
    if (fault) return fault;
    for (const std::size_t n : devices_.listeners()) {
        const auto& decoded = reports_[n].message;
        if (!decoded.empty()) std::copy(decoded.begin(), decoded.end(), message.begin());
    }
    return std::nullopt;
}

/// As a round: the devices' radios are called before the order leaves, and time stands behind it.
std::optional<RoundFault> RadioMulticast::bring(MulticastOrder& order,
                                                gsl::span<const phy::Sample> burst) {
    const auto samples = static_cast<Ticks>(multicast_samples(format_, order));
    const PlacedBurst placed = scheduler_.place(samples, server_.now());
    order.number = placed.number;
    order.begin = placed.begin;
    const auto listeners = devices_.listeners();
    BroadcastReport sent;
    server_.call(listeners);
    reports_ = devices_.listen(order, [&] {
        sent = server_.broadcast(order.begin, burst);
        server_.rest();
    });
    server_.hold();
    return fault_of(order, names_, listeners, reports_, sent);
}

}  // namespace aircomp::runtime
