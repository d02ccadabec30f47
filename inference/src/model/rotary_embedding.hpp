// SPDX-License-Identifier: GPL-3.0-or-later
// Rotary position embedding (arXiv 2104.09864): queries and keys are turned by angles that grow
// with the position, so that their scalar products depend on distances alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "weights/product.hpp"

namespace aircomp::inference {

class RotaryEmbedding {
public:
    /// Frequencies of the model's base, scaled where the model asks for it (Llama 3.1).
    explicit RotaryEmbedding(const ModelConfig& config);

    /// Turns every head of `x` [tokens, heads * head_dim], whose tokens stand at `position`,
    /// `position` + 1, ... Which elements of a head are a pair is the model's layout
    /// (ModelConfig::rope_adjacent_pairs).
    void rotate(Activations x, std::int64_t position) const;

private:
    std::vector<double> frequencies_;  ///< Radians per position, one for each pair of a head.
    std::size_t pair_stride_;          ///< From the first element of a pair to that of the next.
    std::size_t partner_;              ///< From the first element of a pair to the second.
};

}  // namespace aircomp::inference
