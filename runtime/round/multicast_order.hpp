// SPDX-License-Identifier: GPL-3.0-or-later
// One burst of the server that all devices receive, as the coordinator orders it and as the radios
// report it: plain values that can travel in messages, times in integer ticks.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "gnuradio/aircomp/phy/multicast.hpp"
#include "round/round_order.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

struct MulticastOrder {
    std::int64_t number = 0;  ///< Counts with those of rounds.
    Ticks begin = 0;          ///< Where the burst begins.
    /// From the burst devices learn the channels of the modulation's streams, and it carries nothing.
    bool training = false;
    phy::Modulation modulation;
    std::size_t message_bytes = 0;  ///< Of what it carries.
};

/// Samples of the burst per antenna.
std::size_t multicast_samples(const phy::BurstFormat& format, const MulticastOrder& order);

/// What one device says of it.
struct MulticastReport {
    WindowReport window;
    bool header_found = false;  ///< Of a message.
    bool decoded = false;       ///< The message's checksum was right, or the streams were learned.
    double evm = 0;             ///< As phy::MulticastReport has it, of a message.
    double noise_power_w = 0;   ///< The same.
    std::string failure;        ///< Why it did not listen at all.
    /// As it was decoded; empty where the device is not of this process.
    std::vector<std::uint8_t> message;
};

/// What the server says of it.
struct BroadcastReport {
    BurstReport burst;
    std::string refusal;  ///< Why it was refused.
};

/// The first thing that is wrong with a burst; nothing where all `listeners`, indices of `names` and
/// `devices`, have got it.
std::optional<RoundFault> fault_of(const MulticastOrder& order,
                                   const std::vector<std::string>& names,
                                   gsl::span<const std::size_t> listeners,
                                   const std::vector<MulticastReport>& devices,
                                   const BroadcastReport& server);

}  // namespace aircomp::runtime
