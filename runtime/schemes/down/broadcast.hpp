// SPDX-License-Identifier: GPL-3.0-or-later
// What carries messages of the server to all devices at once.
#pragma once

#include <cstdint>
#include <gsl/span>

#include "air/radio_cell.hpp"

namespace aircomp::runtime {

class Broadcast {
public:
    virtual ~Broadcast() = default;

    /// Brings `message` to all devices that take part, leaves there what they got, and charges the cell
    /// for its `bits`, which may be fewer than whole bytes have.
    virtual void send(RadioCell& cell, gsl::span<std::uint8_t> message, double bits) = 0;

    /// Charges the cell for a message of `bits` whose content nobody looks at.
    virtual void charge(RadioCell& cell, double bits) = 0;
};

}  // namespace aircomp::runtime
