// SPDX-License-Identifier: GPL-3.0-or-later
// What carries the server's bursts to all devices at once: an emulated air, or radios.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <optional>

#include "round/multicast_plan.hpp"
#include "round/round_order.hpp"

namespace aircomp::runtime {

class MulticastLink {
public:
    virtual ~MulticastLink() = default;

    /// Sends the burst from which devices learn the plan's streams. Returns why a device has not.
    virtual std::optional<RoundFault> train(const MulticastPlan& plan) = 0;

    /// Sends `message` as soon as it may be sent, under a header from `header_antenna`, and leaves there
    /// what devices decoded. Returns why a device could not; then `message` is as it was.
    virtual std::optional<RoundFault> send(const MulticastPlan& plan, std::size_t header_antenna,
                                           gsl::span<std::uint8_t> message) = 0;

    /// Where the last message's header began.
    virtual Ticks header() const = 0;
};

}  // namespace aircomp::runtime
