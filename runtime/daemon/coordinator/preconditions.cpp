// SPDX-License-Identifier: GPL-3.0-or-later
// Options and addresses that a coordinator refuses.
#include "daemon/coordinator/preconditions.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "daemon/link/net.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::testbed {
namespace {

void check_scheme(const CoordinatorOptions& options) {
    const Config& config = options.config;
    const Scheme& scheme = find_scheme(config.scheme);
    if (scheme.wired && !scheme.quantises) return;
    if (scheme.design.empty() || config.medium != AirMedium::radio) {
        throw std::invalid_argument("scheme: expected " + wired_scheme().name +
                                    ", which goes over the control link, or a design over the air "
                                    "with medium radio, found " +
                                    config.scheme);
    }
    if (options.calibration.size() < 2) {
        throw std::invalid_argument("calibration: expected at least 2 tokens, found " +
                                    std::to_string(options.calibration.size()));
    }
}

}  // namespace

void check_options(const CoordinatorOptions& options) {
    validate(options.config, "configuration", runtime::check_scheme);
    check_scheme(options);
    if (options.prompt.empty() && !options.served)
        throw std::invalid_argument("prompt: expected some, found none");
}

void require_loopback(const TestbedConfig& testbed) {
    for (const auto& [key, address] : {std::pair("testbed.listen", testbed.listen),
                                       {"testbed.metrics_listen", testbed.metrics_listen}}) {
        if (address == "none" || control::is_loopback(address, key)) continue;
        throw std::invalid_argument(
            std::string(key) +
            ": expected a loopback address where there are no certificates, found " + address);
    }
}

}  // namespace aircomp::runtime::testbed
