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
    bool page = false;  ///< Of the testbed, in place of one prompt.
};

/// A line about what is being done.
void say(const std::string& text);

/// How demos draw tokens: so that the small model does not repeat itself.
std::vector<std::string> demo_sampling();

/// What was asked for, SmolLM2, or the small model `small` where that cannot be had.
std::string demo_model(const DemoOptions& options, const std::string& small);

/// Downloads a model of scripts/fetch-model; the exit status of that.
int fetch_model(const std::string& name);

/// Coordinator, devices and the air as processes. The exit status of the coordinator; with a page, 0
/// where it was interrupted.
int run_testbed_demo(const DemoOptions& options);

}  // namespace aircomp::app
