// SPDX-License-Identifier: GPL-3.0-or-later
// Which device holds what of a model, and what computing with it takes.
#pragma once

#include <cstdint>
#include <vector>

#include "aircomp/inference/slice.hpp"
#include "aircomp/runtime/config.hpp"
#include "aircomp/runtime/medium.hpp"

namespace aircomp::runtime {

/// The configuration as its scheme needs it: `centralized` is the fastest device alone, and shares
/// that are left out are equal.
Config effective_config(Config config);

/// One slice per device: KV groups and FFN columns apportioned from the shares of an effective
/// configuration.
std::vector<inference::Slice> slices_of(const Config& config, const inference::ModelConfig& model);

/// Whether each device holds any of the model, and so takes part in the sums.
std::vector<bool> participants_of(const std::vector<inference::Slice>& slices);

/// Simulated cost of the arithmetic: c_n and e_n of the configuration times operations counted.
struct ComputeUsage {
    double seconds = 0;  ///< The slowest device at each site, and the server's head.
    std::vector<double> device_energy_j;
    double server_energy_j = 0;
};

/// Charges one half-step of all devices, for `vectors` tokens from `position` on: a multiplication
/// and an addition for each weight and token; scores and mixture of the attention over all earlier
/// positions. Returns the seconds that the slowest device takes.
double charge_site(const Config& config, const inference::ModelConfig& model,
                   const std::vector<inference::Slice>& slices, SiteKind kind,
                   std::int64_t position, std::int64_t vectors, ComputeUsage& usage);

/// Charges the server's output head for `vectors` tokens. Returns its seconds.
double charge_head(const Config& config, const inference::ModelConfig& model, std::int64_t vectors,
                   ComputeUsage& usage);

}  // namespace aircomp::runtime
