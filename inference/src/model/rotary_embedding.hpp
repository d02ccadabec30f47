// SPDX-License-Identifier: GPL-3.0-or-later
// Rotary position embedding (arXiv 2104.09864): queries and keys are turned by angles that grow
// with the position, so that their scalar products depend on distances alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "aircomp/inference/slice.hpp"
#include "weights/product.hpp"

namespace aircomp::inference {

class RotaryEmbedding {
public:
    /// Frequencies of the base, scaled where `rope` asks for it; the sizes and the layout of heads
    /// are the model's.
    RotaryEmbedding(const ModelConfig& config, const Rope& rope);

    /// Turns every head of `x` [tokens, heads * head_dim], whose tokens stand at `position`,
    /// `position` + 1, ... of a sequence that may grow to `context` tokens: longrope has other
    /// frequencies where that is more than the model was first trained for. Which elements of a
    /// head are a pair is the model's layout (ModelConfig::rope_adjacent_pairs).
    void rotate(Activations x, std::int64_t position, std::int64_t context) const;

    /// What tokens at those positions of such a sequence are turned by, [positions, pairs()].
    struct Turns {
        std::vector<float> cosines;
        std::vector<float> sines;
    };
    Turns turns(Range positions, std::int64_t context) const;

    /// Pairs of a head that are turned.
    std::int64_t pairs() const { return static_cast<std::int64_t>(frequencies_.size()); }

private:
    std::size_t head_dim_;
    std::size_t pair_stride_;          ///< From the first element of a pair to that of the next.
    std::size_t partner_;              ///< From the first element of a pair to the second.
    double magnitude_ = 1;             ///< Of cosines and sines.
    std::vector<double> frequencies_;  ///< Radians per position, one for each pair of a head.
    std::vector<double> long_frequencies_;  ///< longrope: beyond `original_context_`.
    std::int64_t original_context_ = 0;
};

}  // namespace aircomp::inference
