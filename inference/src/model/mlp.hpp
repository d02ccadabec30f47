// SPDX-License-Identifier: GPL-3.0-or-later
// The MLP of a layer, and the mixture of experts that some layers have in its place.
#pragma once

#include "model/layer_weights.hpp"
#include "model/steps.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

/// What the down projection of an MLP is applied to: [tokens, f].
Buffer run_mlp_inside(const ModelConfig& config, const Mlp& mlp, Activations x,
                      ThreadPool& threads);

/// out = the chosen experts of every token, and the one that all tokens share.
void run_experts(const ModelConfig& config, const LayerWeights& weights, Activations x,
                 Activations out, ThreadPool& threads);

}  // namespace aircomp::inference
