// SPDX-License-Identifier: GPL-3.0-or-later
// The long timescale of a testbed: what its configuration and its model make of problem (10) of
// SYSTEM.md section 5.
#pragma once

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "aircomp/runtime/config.hpp"

namespace aircomp::runtime {

/// The problem of choosing shares. Bytes are the weights of the decoder layers as the checkpoint
/// stores them and the KV cache in float32; operations and air time are those of one token at half
/// of the context, sent over the air by any analog scheme. Channels are as known to the
/// coordinator. Throws std::runtime_error where configuration or checkpoint are not valid.
optimizer::AssignmentProblem assignment_problem(const Config& config,
                                                const inference::Checkpoint& checkpoint);

/// What a layer of the model is cut into.
optimizer::LayerUnits layer_units(const inference::ModelConfig& model);

}  // namespace aircomp::runtime
