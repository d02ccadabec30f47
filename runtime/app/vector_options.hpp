// SPDX-License-Identifier: GPL-3.0-or-later
// The options of commands that sum seeded vectors over a testbed's radios, without a model.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "engine/first_light.hpp"

namespace aircomp::app {

struct VectorOptions {
    std::string config;
    runtime::FirstLightOptions first_light;
    std::vector<std::string> devices;
    std::optional<std::uint64_t> seed;

    void add_to(CLI::App& command);

    /// The configuration with what the options change of it; first_light gets its devices. Throws
    /// std::runtime_error on a name that no device has, std::invalid_argument as read_config() does.
    runtime::Config read();
};

}  // namespace aircomp::app
