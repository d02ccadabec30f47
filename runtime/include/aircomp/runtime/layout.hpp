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

/// Floating-point operations of one half-step on one device, for `vectors` tokens from `position`
/// on: a multiplication and an addition for each weight and token; scores and mixture of the
/// attention over all earlier positions.
double site_flops(const inference::ModelConfig& model, const inference::Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors);

/// Floating-point operations of the output head for `vectors` tokens.
double head_flops(const inference::ModelConfig& model, std::int64_t vectors);

}  // namespace aircomp::runtime
