// SPDX-License-Identifier: GPL-3.0-or-later
// Ways down by name.
#include "schemes/down/registry.hpp"

#include <cmath>

#include "config/registry.hpp"
#include "schemes/down/multicast_rate.hpp"

namespace aircomp::runtime {

// What the files of down/ offer.
using DownlinkOfFile = Downlink();
DownlinkOfFile multicast_downlink, closed_loop_downlink, closed_loop_transform_downlink,
    control_downlink, free_downlink;

const std::vector<Downlink>& downlinks() {
    static const std::vector<Downlink> all = {multicast_downlink(), closed_loop_downlink(),
                                              closed_loop_transform_downlink(), control_downlink(),
                                              free_downlink()};
    return all;
}

namespace {

void check_chain(const Downlink& way, const RadioEndConfig& end, const Checker& check) {
    check.require(!way.on_air || end.chain == RadioChain::kernels, "radio.downlink",
                  "control, for flowgraphs (radios.chain) bring no sums down", way.name);
}

/// Those that daemons can bring sums down by.
std::string daemons_names() {
    std::string names;
    for (const Downlink& way : downlinks()) {
        if (way.message || way.wired) names += (names.empty() ? "" : ", ") + way.name;
    }
    return names;
}

}  // namespace

void check_downlink(const Config& config, const Checker& check) {
    check.require(row_of(downlinks(), config.radio.downlink) != nullptr, "radio.downlink",
                  "one of " + names_of(downlinks()),
                  "'" + config.radio.downlink + "'" + hint_of(downlinks(), config.radio.downlink));
    const Downlink& way = find_row(downlinks(), "downlink", config.radio.downlink);
    const double bits = config.radio.downlink_bits;
    check.require(bits <= way.most_bits, "radio.downlink_bits",
                  "at most " + std::to_string(way.most_bits) + " for the downlink " + way.name,
                  bits);
    check.require(way.fractional_bits || std::floor(bits) == bits, "radio.downlink_bits",
                  "a whole number for the downlink " + way.name, bits);
    check.require(!way.closes_loop || config.medium != AirMedium::radio, "radio.downlink",
                  "another than " + way.name + ", which is simulated, for the medium radio",
                  way.name);
    if (config.medium == AirMedium::radio) {
        check_chain(way, config.radios.server, check);
        for (const RadioEndConfig& device : config.radios.devices)
            check_chain(way, device, check);
    }
    check.require(way.on_air || config.radio.settings_link == SettingsLink::control,
                  "radio.settings_link", "control with the downlink " + way.name, "downlink");
}

const Downlink& downlink_of_daemon(const Config& config, const RadioEndConfig& end) {
    const Checker check([](const std::string& key) { return key; });
    const Downlink& way = find_row(downlinks(), "downlink", config.radio.downlink);
    check.require(way.message || way.wired, "radio.downlink",
                  "one of " + daemons_names() + " for sums of daemons over radios", way.name);
    check_chain(way, end, check);
    return way;
}

std::unique_ptr<WayDown> make_way_down(const Config& config, std::shared_ptr<Broadcast> broadcast) {
    if (broadcast == nullptr) broadcast = std::make_shared<ChargedBroadcast>();
    return find_row(downlinks(), "downlink", config.radio.downlink).make(std::move(broadcast));
}

void WayDown::bring_settings(RadioCell& cell, double bytes) {
    cell.charge_control(bytes);
}

}  // namespace aircomp::runtime
