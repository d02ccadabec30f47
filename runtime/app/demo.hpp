// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of `aircomp demo` know of each other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aircomp::app {

struct DemoOptions {
    std::string model, prompt, out = "aircomp-demo";
    int tokens = 0;  ///< 0: as many as show something.
    bool testbed = false;
};

/// A line about what is being done.
void say(const std::string& text);

/// How demos draw tokens: so that the small model does not repeat itself.
std::vector<std::string> demo_sampling();

/// Downloads a model of scripts/fetch-model; the exit status of that.
int fetch_model(const std::string& name);

/// Coordinator, devices and the air as processes. The exit status of the coordinator.
int run_testbed_demo(const DemoOptions& options);

}  // namespace aircomp::app
