// SPDX-License-Identifier: GPL-3.0-or-later
// What libtorch can compute with on this machine.
#pragma once

#include <string>

#include "aircomp/inference/compute.hpp"

namespace aircomp::inference {

/// As torch_version().
std::string version_of_torch();

/// Throws as require_compute() does, of a device of torch.
void check_torch(const Compute& compute);

}  // namespace aircomp::inference
