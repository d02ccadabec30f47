// SPDX-License-Identifier: GPL-3.0-or-later
// What every result says of a run, as docs/json.md lists it.
#pragma once

#include "engine/simulation.hpp"
#include "experiment/json.hpp"

namespace aircomp::runtime {

/// Seconds and joules of a token, units in the keys.
Json to_json(const TokenCost& cost);

/// Key figures that every result carries: scheme, seed, devices, shares, snr_db.
Json describe(const Config& config);

}  // namespace aircomp::runtime
