// SPDX-License-Identifier: GPL-3.0-or-later
// Rotary position embedding (arXiv 2104.09864): queries and keys are turned by angles that grow
// with the position, so that their scalar products depend on distances alone.
#pragma once

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
    /// `position` + 1, ... Element i of a head is paired with element i + head_dim / 2, the layout
    /// of Hugging Face's weights.
    void rotate(Activations x, std::int64_t position) const;

private:
    std::vector<double> frequencies_;  ///< Radians per position, one for each pair of a head.
};

}  // namespace aircomp::inference
