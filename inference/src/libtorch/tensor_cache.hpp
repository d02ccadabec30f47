// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values of earlier tokens where the backend is torch: on its device, in float32.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "aircomp/inference/model_config.hpp"
#include "aircomp/inference/slice.hpp"
#include "libtorch/steps.hpp"
#include "model/rotary_embedding.hpp"
#include "model/torch_slice.hpp"

namespace aircomp::inference {

class TensorCache final : public TorchCache {
public:
    /// For up to `capacity` positions of sequences of the model. `rotary` and `local_rotary` turn
    /// queries and keys of global and of local layers.
    TensorCache(const ModelConfig& config, const Slice& slice, std::int64_t capacity,
                at::Device device, RotaryEmbedding rotary, RotaryEmbedding local_rotary);

    /// Makes room for so many positions, at most the capacity; what was written stays.
    void hold(std::int64_t positions);

    /// Writes the tokens at `position`, ..., which there is room for: [tokens, groups, head_dim].
    void write(std::int64_t layer, std::int64_t position, const at::Tensor& keys,
               const at::Tensor& values);

    /// Of those positions, which were written: [groups, positions, head_dim].
    at::Tensor keys_of(std::int64_t layer, Range positions) const;
    at::Tensor values_of(std::int64_t layer, Range positions) const;

    /// Of tokens at `position`, ..., which there is room for.
    TorchTurns turns(bool local, std::int64_t position, std::int64_t tokens) const;

private:
    TorchTurns all_turns(const RotaryEmbedding& rotary) const;

    RotaryEmbedding rotary_;
    RotaryEmbedding local_rotary_;
    std::int64_t capacity_;
    std::int64_t room_ = 0;           ///< Positions that there is memory for.
    at::Tensor keys_;                 ///< [layers, groups, room, head_dim]
    at::Tensor values_;               ///< The same.
    TorchTurns turns_, local_turns_;  ///< Of all positions that there is room for.
};

}  // namespace aircomp::inference
