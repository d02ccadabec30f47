// SPDX-License-Identifier: GPL-3.0-or-later
// What a device computes with, from the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "aircomp/inference/compute.hpp"

namespace aircomp::app {

/// The options --backend, --compute-device and --dtype, which fill `compute`.
void add_compute(CLI::App& command, inference::Compute& compute);

/// Throws std::runtime_error, naming the option, for what does not go with the backend.
void check_compute_options(const inference::Compute& compute);

}  // namespace aircomp::app
