// SPDX-License-Identifier: GPL-3.0-or-later
// What reading, writing and holding tensors in memory have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// The type as safetensors and ggml call it: `F32`, `BF16`, `Q4_K`.
const char* type_name(DataType type);

/// The type that files call so, or nothing.
std::optional<DataType> find_type(std::string_view name);

/// Names of all types that files can have, as errors list them.
std::string type_names();

/// Throws std::invalid_argument where `tensor` has not as many bytes as its type and shape say.
void check_bytes(const TensorView& tensor);

}  // namespace aircomp::inference
