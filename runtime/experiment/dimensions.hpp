// SPDX-License-Identifier: GPL-3.0-or-later
// Dimensions of well-known models, for figures that need no weights.
#pragma once

#include <string>

#include "aircomp/inference/model_config.hpp"

namespace aircomp::runtime {

/// "llama-2-7b", "llama-2-13b", "llama-2-70b", "llama-3-8b", "llama-3-70b", as their config.json
/// have them. Throws std::invalid_argument, listing the names, for any other.
inference::ModelConfig dimensions_of(const std::string& name);

}  // namespace aircomp::runtime
