// SPDX-License-Identifier: GPL-3.0-or-later
// Opens radios whose samples flowgraphs compute, in builds with GNU Radio.
#include "round/flowgraph/flowgraph_ends.hpp"

#include "round/flowgraph/flowgraph_device_radio.hpp"
#include "round/flowgraph/flowgraph_server_radio.hpp"

namespace aircomp::runtime {

std::shared_ptr<FlowgraphHost> make_flowgraph_host() {
    return std::make_shared<FlowgraphHost>();
}

std::unique_ptr<DeviceRadio> open_flowgraph_device(const Config& config,
                                                   const phy::BurstFormat& format,
                                                   const phy::Payload& payload, std::size_t device,
                                                   const std::shared_ptr<FlowgraphHost>& host) {
    return std::make_unique<FlowgraphDeviceRadio>(config, format, payload, device,
                                                  host ? host : make_flowgraph_host());
}

std::unique_ptr<ServerRadio> open_flowgraph_server(const Config& config,
                                                   const phy::BurstFormat& format,
                                                   const phy::Payload& payload,
                                                   const std::shared_ptr<FlowgraphHost>& host) {
    return std::make_unique<FlowgraphServerRadio>(config, format, payload,
                                                  host ? host : make_flowgraph_host());
}

}  // namespace aircomp::runtime
