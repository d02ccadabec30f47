// SPDX-License-Identifier: GPL-3.0-or-later
// What reading, writing and holding tensors in memory have in common.
#pragma once

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// The type as safetensors calls it: `F32`, `F16`, `BF16`.
const char* type_name(DataType type);

/// Throws std::invalid_argument where `tensor` has not as many bytes as its type and shape say.
void check_bytes(const TensorView& tensor);

}  // namespace aircomp::inference
