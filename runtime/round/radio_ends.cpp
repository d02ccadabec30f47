// SPDX-License-Identifier: GPL-3.0-or-later
// The radios of both ends, by what computes their samples.
#include "radio/open_radios.hpp"
#include "round/flowgraph/flowgraph_ends.hpp"
#include "round/kernel_device_radio.hpp"
#include "round/kernel_server_radio.hpp"

namespace aircomp::runtime {

std::unique_ptr<DeviceRadio> open_device_radio(const Config& config, const phy::BurstFormat& format,
                                               const phy::Payload& payload, std::size_t device,
                                               const RadioOpener& open,
                                               const std::shared_ptr<FlowgraphHost>& flowgraphs) {
    if (!config.radios.devices.empty() &&
        config.radios.devices.at(device).chain != RadioChain::kernels) {
        return open_flowgraph_device(config, format, payload, device, flowgraphs);
    }
    return std::make_unique<KernelDeviceRadio>(config, format, payload, device,
                                               open_guarded_radio(config, device, open));
}

std::unique_ptr<ServerRadio> open_server_radio(const Config& config, const phy::BurstFormat& format,
                                               const phy::Payload& payload, const RadioOpener& open,
                                               const std::shared_ptr<FlowgraphHost>& flowgraphs) {
    if (config.radios.server.chain != RadioChain::kernels)
        return open_flowgraph_server(config, format, payload, flowgraphs);
    return std::make_unique<KernelServerRadio>(config, format, payload,
                                               open_guarded_radio(config, std::nullopt, open));
}

}  // namespace aircomp::runtime
