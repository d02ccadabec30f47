// SPDX-License-Identifier: GPL-3.0-or-later
// The long timescale of a testbed: what its configuration and its model make of problem (10) of
// docs/system-model.md section 5.
#pragma once

#include "aircomp/inference/model_config.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "config/config.hpp"

namespace aircomp::runtime {

/// The problem of choosing shares for the design of the configuration's scheme, mmse where it has
/// none. Bytes are the weights of the decoder layers and the KV cache in float32; operations and
/// air time are those of one token at half of the context, sent over the air by all devices at
/// once. Channels are as known to the coordinator. Throws std::runtime_error where the
/// configuration is not valid.
optimizer::AssignmentProblem assignment_problem(const Config& config,
                                                const inference::ModelConfig& model,
                                                double bytes_per_weight);

/// What a layer of the model is cut into.
optimizer::LayerUnits layer_units(const Config& config, const inference::ModelConfig& model,
                                  double bytes_per_weight);

/// Shares and whole units of a configuration's devices, drawn from its seed. Throws
/// std::runtime_error where no shares keep the devices' limits.
optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double bytes_per_weight);

/// The same for some of the devices, or with other limits: `problem` is assignment_problem()'s with
/// that changed.
optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double bytes_per_weight,
                                     const optimizer::AssignmentProblem& problem);

}  // namespace aircomp::runtime
