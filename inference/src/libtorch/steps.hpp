// SPDX-License-Identifier: GPL-3.0-or-later
// The small steps of a half-step as operations on tensors. Activations are float32 between them, on
// the device of the weights.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "aircomp/inference/model_config.hpp"
#include "model/attention.hpp"

namespace aircomp::inference {

/// Weights of a norm; none: the identity.
struct TorchNorm {
    at::Tensor weight;
    at::Tensor bias;
};

/// A projection; a bias is float32 and there in few models.
struct TorchProjection {
    at::Tensor weight;  ///< [rows, columns]
    at::Tensor bias;    ///< [rows]
};

/// norm(x) of each part of the last dimension that is as long as the norm; same shape.
at::Tensor torch_norm(const ModelConfig& config, const TorchNorm& norm, const at::Tensor& x);

/// W x + b of every token: [tokens, columns] to [tokens, rows].
at::Tensor torch_project(const TorchProjection& projection, const at::Tensor& x);

/// The activation of an MLP, element by element.
at::Tensor torch_activated(Activation activation, const at::Tensor& x);

/// Cosines and sines of the angles by which tokens are turned, [tokens, pairs].
struct TorchTurns {
    at::Tensor cosines;
    at::Tensor sines;
};

/// Turns every head of `x` [tokens, heads, head_dim]; which elements are a pair is the model's layout.
at::Tensor torch_rotated(const ModelConfig& config, const at::Tensor& x, const TorchTurns& turns);

/// Which part of its KV groups' query heads a slice has: they begin `before` heads into the first
/// group and end `after` heads before the end of the last.
struct GroupedHeads {
    std::int64_t groups;
    std::int64_t before;
    std::int64_t after;
};

/// Attention of all heads: `queries` [tokens, heads, head_dim], `keys` and `values`
/// [groups, positions, head_dim]. The tokens stand at `position`, ..., counted from the first of the
/// keys. Returns [tokens, heads * head_dim].
at::Tensor torch_attend(const at::Tensor& queries, const GroupedHeads& heads,
                        const at::Tensor& keys, const at::Tensor& values, std::int64_t position,
                        const Scoring& scoring);

}  // namespace aircomp::inference
