// SPDX-License-Identifier: GPL-3.0-or-later
// The options that say what computes the samples of a testbed's radios.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace aircomp::app {

struct RadioOptions {
    std::optional<runtime::RadioChain> chain;
    std::vector<std::string> companion;

    void add_to(CLI::App& command);

    /// Over what the configuration says. Throws std::runtime_error on a name that no radio has.
    void apply(runtime::Config& config) const;
};

}  // namespace aircomp::app
