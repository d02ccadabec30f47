// SPDX-License-Identifier: GPL-3.0-or-later
// Refuses radios whose samples flowgraphs compute, in builds without GNU Radio.
#include <stdexcept>

#include "round/flowgraph/flowgraph_ends.hpp"

namespace aircomp::runtime {
namespace {

[[noreturn]] void refuse() {
    throw std::runtime_error(
        "radios: chain flowgraph is not in this build: GNU Radio 3.10 was not found");
}

}  // namespace

std::shared_ptr<FlowgraphHost> make_flowgraph_host() {
    return nullptr;
}

std::unique_ptr<DeviceRadio> open_flowgraph_device(const Config&, const phy::BurstFormat&,
                                                   const phy::Payload&, std::size_t,
                                                   const std::shared_ptr<FlowgraphHost>&) {
    refuse();
}

std::unique_ptr<ServerRadio> open_flowgraph_server(const Config&, const phy::BurstFormat&,
                                                   const phy::Payload&,
                                                   const std::shared_ptr<FlowgraphHost>&) {
    refuse();
}

}  // namespace aircomp::runtime
