// SPDX-License-Identifier: GPL-3.0-or-later
// Which rounds count.
#include "round/round_order.hpp"

namespace aircomp::runtime {
namespace {

std::string fault_of(const DeviceReport& device) {
    if (device.burst.state == BurstState::refused)
        return "the burst was refused: " + device.refusal;
    if (device.window.state != WindowState::whole)
        return std::string("the window of the header was ") + to_string(device.window.state);
    if (!device.header_found) return "did not find the header";
    if (device.burst.state != BurstState::acknowledged)
        return std::string("the burst was ") + to_string(device.burst.state);
    return "";
}

std::string fault_of(const RoundOrder& order, const std::vector<std::string>& names,
                     const ServerReport& server, double min_confidence) {
    if (server.window.state != WindowState::whole)
        return std::string("the window was ") + to_string(server.window.state);
    if (server.missing)
        return "did not find the sounding of device '" + names[*server.missing] + "'";
    if (!server.found) return "did not find the burst";
    // Written so that a confidence that is not a number is not enough either.
    if (!order.sounding && !(server.confidence >= min_confidence))
        return "the sum lacked a device, or had one twice";
    return "";
}

}  // namespace

std::optional<RoundFault> fault_of(const RoundOrder& order, const std::vector<std::string>& names,
                                   const std::vector<bool>& sends,
                                   const std::vector<DeviceReport>& devices,
                                   const ServerReport& server, double min_confidence) {
    if (server.header.state == BurstState::refused)
        return RoundFault{{}, "server: the header was refused: " + server.refusal, true};
    if (server.header.state != BurstState::acknowledged)
        return RoundFault{
            {}, std::string("server: the header was ") + to_string(server.header.state), false};
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const std::string own = sends[n] ? fault_of(devices[n]) : "";
        if (own.empty()) continue;
        return RoundFault{n, "device '" + names[n] + "': " + own,
                          devices[n].burst.state == BurstState::refused};
    }
    const std::string own = fault_of(order, names, server, min_confidence);
    if (!own.empty()) return RoundFault{server.missing, "server: " + own, false};
    return std::nullopt;
}

}  // namespace aircomp::runtime
