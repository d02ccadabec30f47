// SPDX-License-Identifier: GPL-3.0-or-later
// Attention of one query head over the keys and values of its group.
#pragma once

#include <cstdint>

#include "aircomp/inference/model_config.hpp"
#include "weights/product.hpp"

namespace aircomp::inference {

/// How scores become weights.
struct Scoring {
    float scale;
    double soft_cap;      ///< 0: none
    std::int64_t window;  ///< Positions that a token sees, its own included.
};

/// That of layers whose attention is local, or of the others.
Scoring scoring_of(const ModelConfig& config, bool local);

/// One query head over one KV group; `query` and `out` are [tokens, head_dim]. The tokens stand at
/// `position`, ..., counted from the first of `keys` and `values`.
void attend(const WeightMatrix& keys, const WeightMatrix& values, std::int64_t position,
            const Scoring& scoring, Activations query, Activations out);

}  // namespace aircomp::inference
