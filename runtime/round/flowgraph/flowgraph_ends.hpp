// SPDX-License-Identifier: GPL-3.0-or-later
// The radios of both ends whose samples flowgraphs compute. Builds with GNU Radio take
// flowgraph_ends.cpp, those without take no_flowgraphs.cpp.
#pragma once

#include <memory>

#include "round/device_radio.hpp"
#include "round/server_radio.hpp"

namespace aircomp::runtime {

/// `host` null: one of its own. Throws as FlowgraphDeviceRadio does, and std::runtime_error in a
/// build without GNU Radio.
std::unique_ptr<DeviceRadio> open_flowgraph_device(const Config& config,
                                                   const phy::BurstFormat& format,
                                                   const phy::Payload& payload, std::size_t device,
                                                   const std::shared_ptr<FlowgraphHost>& host);

/// The same for the server.
std::unique_ptr<ServerRadio> open_flowgraph_server(const Config& config,
                                                   const phy::BurstFormat& format,
                                                   const phy::Payload& payload,
                                                   const std::shared_ptr<FlowgraphHost>& host);

}  // namespace aircomp::runtime
