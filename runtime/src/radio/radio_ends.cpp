// SPDX-License-Identifier: GPL-3.0-or-later
// The radios of both ends, by what computes their samples.
#include "radio/kernel_device_radio.hpp"
#include "radio/kernel_server_radio.hpp"
#include "radio/open_radios.hpp"
#ifdef AIRCOMP_HAVE_PMT
#include "radio/flowgraph/flowgraph_device_radio.hpp"
#include "radio/flowgraph/flowgraph_server_radio.hpp"
#endif

#include <stdexcept>

namespace aircomp::runtime {
namespace {

[[noreturn]] [[maybe_unused]] void fail_without_flowgraphs() {
    throw std::runtime_error(
        "radios: chain flowgraph is not in this build: GNU Radio 3.10 was not found");
}

}  // namespace

std::shared_ptr<FlowgraphHost> make_flowgraph_host() {
#ifdef AIRCOMP_HAVE_PMT
    return std::make_shared<FlowgraphHost>();
#else
    return nullptr;
#endif
}

std::unique_ptr<DeviceRadio> open_device_radio(const Config& config, const phy::BurstFormat& format,
                                               const phy::Payload& payload, std::size_t device,
                                               const RadioOpener& open,
                                               const std::shared_ptr<FlowgraphHost>& flowgraphs) {
    if (!config.radios.devices.empty() &&
        config.radios.devices.at(device).chain != RadioChain::kernels) {
#ifdef AIRCOMP_HAVE_PMT
        return std::make_unique<FlowgraphDeviceRadio>(
            config, format, payload, device, flowgraphs ? flowgraphs : make_flowgraph_host());
#else
        fail_without_flowgraphs();
#endif
    }
    return std::make_unique<KernelDeviceRadio>(config, format, payload, device,
                                               open_guarded_radio(config, device, open));
}

std::unique_ptr<ServerRadio> open_server_radio(const Config& config, const phy::BurstFormat& format,
                                               const phy::Payload& payload, const RadioOpener& open,
                                               const std::shared_ptr<FlowgraphHost>& flowgraphs) {
    if (config.radios.server.chain != RadioChain::kernels) {
#ifdef AIRCOMP_HAVE_PMT
        return std::make_unique<FlowgraphServerRadio>(
            config, format, payload, flowgraphs ? flowgraphs : make_flowgraph_host());
#else
        fail_without_flowgraphs();
#endif
    }
    return std::make_unique<KernelServerRadio>(config, format, payload,
                                               open_guarded_radio(config, std::nullopt, open));
}

}  // namespace aircomp::runtime
