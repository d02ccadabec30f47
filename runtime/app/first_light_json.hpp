// SPDX-License-Identifier: GPL-3.0-or-later
// The report of sums of seeded vectors, for machines: docs/json.md.
#pragma once

#include "engine/first_light.hpp"
#include "output.hpp"

namespace aircomp::app {

Json first_light_json(const runtime::FirstLightReport& report);

}  // namespace aircomp::app
