// SPDX-License-Identifier: GPL-3.0-or-later
// Ways down by name.
#include "schemes/down/registry.hpp"

#include "config/registry.hpp"
#include "schemes/down/multicast_rate.hpp"

namespace aircomp::runtime {

// What the files of down/ offer.
using DownlinkOfFile = Downlink();
DownlinkOfFile multicast_downlink, closed_loop_downlink, control_downlink, free_downlink;

const std::vector<Downlink>& downlinks() {
    static const std::vector<Downlink> all = {multicast_downlink(), closed_loop_downlink(),
                                              control_downlink(), free_downlink()};
    return all;
}

void check_downlink(const Config& config, const Checker& check) {
    check.require(row_of(downlinks(), config.radio.downlink) != nullptr, "radio.downlink",
                  "one of " + names_of(downlinks()),
                  "'" + config.radio.downlink + "'" + hint_of(downlinks(), config.radio.downlink));
    const Downlink& way = find_row(downlinks(), "downlink", config.radio.downlink);
    check.require(config.radio.downlink_bits <= way.most_bits, "radio.downlink_bits",
                  "at most " + std::to_string(way.most_bits) + " for the downlink " + way.name,
                  std::to_string(config.radio.downlink_bits));
    check.require(!way.closes_loop || config.medium != AirMedium::radio, "radio.downlink",
                  "another than " + way.name + ", which is simulated, for the medium radio",
                  way.name);
    check.require(way.on_air || config.radio.settings_link == SettingsLink::control,
                  "radio.settings_link", "control with the downlink " + way.name, "downlink");
}

std::unique_ptr<WayDown> make_way_down(const Config& config, std::shared_ptr<Broadcast> broadcast) {
    if (broadcast == nullptr) broadcast = std::make_shared<ChargedBroadcast>();
    return find_row(downlinks(), "downlink", config.radio.downlink).make(std::move(broadcast));
}

void WayDown::bring_settings(RadioCell& cell, double bytes) {
    cell.charge_control(bytes);
}

void WayDown::charge_beside_radios(RadioCell&, std::size_t) {}

}  // namespace aircomp::runtime
