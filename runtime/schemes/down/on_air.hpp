// SPDX-License-Identifier: GPL-3.0-or-later
// What all ways down on the air have in common: bursts at the multicast's rate, for sums and, where
// the configuration says so, for the devices' settings.
#pragma once

#include "schemes/down/multicast_rate.hpp"
#include "schemes/down/way_down.hpp"

namespace aircomp::runtime {

class OnAir : public WayDown {
public:
    void bring_settings(RadioCell& cell, double bytes) override {
        if (cell.config().radio.settings_link == SettingsLink::control) {
            WayDown::bring_settings(cell, bytes);
        } else if (bytes > 0) {
            send(cell, 8 * bytes);
        }
    }

protected:
    /// Charges a burst of `bits` to the weakest device.
    void send(RadioCell& cell, double bits) {
        cell.charge_downlink(cell.air_time_s(rate_.uses(cell, bits)));
    }

private:
    MulticastRate rate_;
};

}  // namespace aircomp::runtime
