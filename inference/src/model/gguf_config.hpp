// SPDX-License-Identifier: GPL-3.0-or-later
// What a GGUF file's metadata and tensors say of the architecture.
#pragma once

#include "aircomp/inference/model_config.hpp"
#include "weights/gguf_files.hpp"

namespace aircomp::inference {

/// Throws std::runtime_error naming file, key, what was expected and found. An architecture, and a
/// key of the architecture or a tensor that the decoder does not know, are refused by name.
ModelConfig read_gguf_config(const GgufFiles& files);

}  // namespace aircomp::inference
