// SPDX-License-Identifier: GPL-3.0-or-later
// RMSNorm and LayerNorm as the model applies them to its stream, to sums and to heads.
#pragma once

#include <gsl/span>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

/// Weights of a norm; no weights: the identity.
struct Norm {
    std::vector<float> weight;
    std::vector<float> bias;  ///< Empty in most models.
};

/// The norm of that name, over `size` elements, ready to multiply with: an offset is added.
Norm load_norm(const Checkpoint& checkpoint, const std::string& name, std::int64_t size);

/// y = norm(x), token by token; x and y may be the same memory.
void apply_norm(const ModelConfig& config, const Norm& norm, gsl::span<const float> x,
                Activations y, ThreadPool& threads);

/// The same in place, for each part of `x`'s tokens that is as long as the norm.
void norm_parts(const ModelConfig& config, const Norm& norm, Activations x);

}  // namespace aircomp::inference
