// SPDX-License-Identifier: GPL-3.0-or-later
// What config.json says of rotary embeddings, under all the names that it had over the years.
#pragma once

#include "model/config_keys.hpp"
#include "model/families.hpp"

namespace aircomp::inference {

/// Reads `rope_theta`, `rope_scaling`, `rope_parameters` and their kin into the model, whose
/// head_dim and context are known. Where two of them speak, the same one wins as in transformers.
void read_rope(ConfigKeys& config, const Family& family, ModelConfig& model);

}  // namespace aircomp::inference
