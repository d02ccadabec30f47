// SPDX-License-Identifier: GPL-3.0-or-later
// The section compute: what devices compute their partials with.
#pragma once

#include "aircomp/inference/compute.hpp"
#include "config/section.hpp"

namespace aircomp::runtime {

const Keys<inference::Compute>& compute_keys();

/// Checks what goes with which backend.
void check_compute(const inference::Compute& compute, const Checker& check);

}  // namespace aircomp::runtime
