// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds over the air as the radios know them, and as messages of the control protocol.
#pragma once

#include "daemon/link/messages.hpp"
#include "round/multicast_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime::testbed {

/// `round` and `vector` say what a sum is of.
control::Order to_message(const RoundOrder& order, std::uint32_t epoch, std::uint64_t round,
                          std::uint32_t vector);
/// `kind` is that of the round's site; the device needs no header antenna.
RoundOrder from_message(const control::Order& message, SiteKind kind);

control::BurstReport to_message(const DeviceReport& report, const control::Order& order);
DeviceReport from_message(const control::BurstReport& message);

/// `round` and `vector` say whose sum a message brings.
control::Listen to_message(const MulticastOrder& order, std::uint32_t epoch, std::uint64_t round,
                           std::uint32_t vector);
MulticastOrder from_message(const control::Listen& message);

control::Heard to_message(const MulticastReport& report, const control::Listen& listen);
MulticastReport from_message(const control::Heard& message);

/// The message's precoders lie in `settings`.
control::Settings to_message(const DeviceSettings& settings, std::uint32_t epoch, SiteKind kind,
                             std::int64_t from, std::size_t streams, std::size_t antennas);
DeviceSettings from_message(const control::Settings& message);

/// A failure's reason as a message can carry it: printable, and no longer than allowed.
std::string printable(const std::string& reason);

}  // namespace aircomp::runtime::testbed
