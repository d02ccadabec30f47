// SPDX-License-Identifier: GPL-3.0-or-later
// What all ways down on the air have in common: messages to all devices at once, for sums and, where
// the configuration says so, for the devices' settings.
#pragma once

#include <memory>

#include "schemes/down/broadcast.hpp"
#include "schemes/down/way_down.hpp"
#include "schemes/entries.hpp"

namespace aircomp::runtime {

class OnAir : public WayDown {
public:
    explicit OnAir(std::shared_ptr<Broadcast> broadcast) : broadcast_(std::move(broadcast)) {}

    void bring_settings(RadioCell& cell, double bytes) override {
        if (cell.config().radio.settings_link == SettingsLink::control) {
            WayDown::bring_settings(cell, bytes);
        } else if (bytes > 0) {
            broadcast_->charge(cell, 8 * bytes);
        }
    }

protected:
    /// Brings all devices a message with a sum, and leaves there what they got: see Broadcast.
    void send(RadioCell& cell, gsl::span<std::uint8_t> message, double bits) {
        broadcast_->send(cell, message, bits);
        cell.ledger().add(downlink_bits, bits);
    }

private:
    std::shared_ptr<Broadcast> broadcast_;
};

}  // namespace aircomp::runtime
