// SPDX-License-Identifier: GPL-3.0-or-later
// What config.json says of quantised weights.
#pragma once

#include "aircomp/inference/model_config.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {

/// Reads `quantization_config`. Throws std::runtime_error naming the key for a method that is not
/// implemented, an option of it, or a key that is not known.
Quantisation read_quantisation(const JsonNode& node);

}  // namespace aircomp::inference
