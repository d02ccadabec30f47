// SPDX-License-Identifier: GPL-3.0-or-later
// Which rounds count.
#include "radio/round_order.hpp"

namespace aircomp::runtime {
namespace {

std::string failure_of(const DeviceReport& device) {
    if (device.window.state != WindowState::whole)
        return std::string("the window of the header was ") + to_string(device.window.state);
    if (!device.header_found) return "did not find the header";
    if (device.burst.state != BurstState::acknowledged)
        return std::string("the burst was ") + to_string(device.burst.state);
    return "";
}

}  // namespace

std::string failure_of(const RoundOrder& order, const std::vector<std::string>& names,
                       const std::vector<DeviceReport>& devices, const ServerReport& server,
                       double least_confidence) {
    if (server.header.state != BurstState::acknowledged)
        return std::string("server: the header was ") + to_string(server.header.state);
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const std::string failure = failure_of(devices[n]);
        if (!failure.empty()) return "device '" + names[n] + "': " + failure;
    }
    if (server.window.state != WindowState::whole)
        return std::string("server: the window was ") + to_string(server.window.state);
    if (!server.found) {
        return order.sounding ? "server: did not find the sounding of every device"
                              : "server: did not find the burst";
    }
    if (!order.sounding && server.confidence < least_confidence)
        return "server: the sum lacked a device, or had one twice";
    return "";
}

}  // namespace aircomp::runtime
