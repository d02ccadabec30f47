// SPDX-License-Identifier: GPL-3.0-or-later
// What messages on the air cost.
#include "schemes/down/modulated_broadcast.hpp"

#include <cmath>
#include <gsl/util>
#include <utility>

#include "schemes/entries.hpp"

namespace aircomp::runtime {

ModulatedBroadcast::ModulatedBroadcast(const Config& config, const phy::BurstFormat& format,
                                       std::unique_ptr<MulticastLink> link,
                                       const RoundScheduler& scheduler, double order_bytes)
    : sender_(config, format, std::move(link), scheduler), order_bytes_(order_bytes) {}

MulticastSender::Spent ModulatedBroadcast::charges(RadioCell& cell) const {
    return [&cell, bytes = order_bytes_](double seconds) {
        cell.charge_control(bytes);
        cell.charge_downlink(seconds);
    };
}

void ModulatedBroadcast::send(RadioCell& cell, gsl::span<std::uint8_t> message, double) {
    const std::size_t before = sender_.faults().size();
    const auto counted = gsl::finally([&] {
        cell.ledger().add(repeated_messages, static_cast<double>(sender_.faults().size() - before));
    });
    sender_.send(message, charges(cell));
    header_ = sender_.link().header();
}

void ModulatedBroadcast::charge(RadioCell& cell, double bits) {
    const auto bytes = static_cast<std::size_t>(std::ceil(bits / 8));
    header_.reset();
    // One that is deaf shows at the next sum.
    if (sender_.prepare(bytes, charges(cell))) return;
    cell.charge_downlink(sender_.payload_s(bytes));
}

}  // namespace aircomp::runtime
