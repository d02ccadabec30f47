// SPDX-License-Identifier: GPL-3.0-or-later
// What computes a radio's samples, from the command line.
#include "radio_options.hpp"

#include <algorithm>
#include <stdexcept>

#include "validators.hpp"

namespace aircomp::app {
namespace {

runtime::RadioEndConfig& end_of(const std::string& name, runtime::Config& config) {
    if (name == "server") return config.radios.server;
    const auto found = std::find_if(config.devices.begin(), config.devices.end(),
                                    [&](const auto& device) { return device.name == name; });
    const auto n = static_cast<std::size_t>(found - config.devices.begin());
    if (n < config.radios.devices.size()) return config.radios.devices[n];
    throw std::runtime_error("--companion: expected server or a device with a radio, found '" +
                             name + "'");
}

}  // namespace

void RadioOptions::add_to(CLI::App& command) {
    const std::vector<std::pair<std::string, runtime::RadioChain>> chains = {
        {"kernels", runtime::RadioChain::kernels}, {"flowgraph", runtime::RadioChain::flowgraph}};
    command
        .add_option("--radio", chain,
                    "What computes the radios' samples. kernels: this process; flowgraph: "
                    "gr-aircomp/examples/usrp_*.grc, started without a screen")
        ->transform(meaning(chains));
    command
        .add_option("--companion", companion,
                    "Radios whose flowgraphs the program opens in Companion, where you start them: "
                    "server or names of devices")
        ->delimiter(',');
}

void RadioOptions::apply(runtime::Config& config) const {
    if (chain) {
        config.radios.server.chain = *chain;
        for (auto& radio : config.radios.devices)
            radio.chain = *chain;
    }
    for (const auto& name : companion)
        end_of(name, config).chain = runtime::RadioChain::companion;
}

}  // namespace aircomp::app
