// SPDX-License-Identifier: GPL-3.0-or-later
// One device's slice of one decoder layer's weights: how tensor parallelism cuts a layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/matvec.hpp"

namespace aircomp::inference {

/// A projection with a bias, which is empty in most models.
struct Projection {
    WeightMatrix weight;
    std::vector<float> bias;
};

/// D is hidden_size; h, g and f are the query heads, KV groups and FFN columns of the slice.
struct LayerWeights {
    std::vector<float> attention_norm;  ///< [D], replicated
    Projection query;                   ///< [h * head_dim, D], rows of the layer's
    Projection key;                     ///< [g * head_dim, D], rows
    Projection value;                   ///< [g * head_dim, D], rows
    WeightMatrix output;                ///< [D, h * head_dim], columns
    std::vector<float> mlp_norm;        ///< [D], replicated
    WeightMatrix gate;                  ///< [f, D], rows
    WeightMatrix up;                    ///< [f, D], rows
    WeightMatrix down;                  ///< [D, f], columns
};

/// Rows are views into the checkpoint. Columns are copied to where they lie contiguously, each copy
/// appended to `copies`: read strided, a slice would drag in almost every page of the tensor.
LayerWeights load_layer(const Checkpoint& checkpoint, const Slice& slice, std::int64_t layer,
                        std::vector<HugeBuffer>& copies);

/// A whole tensor [rows, columns], where it lies.
WeightMatrix load_matrix(const Checkpoint& checkpoint, const std::string& name, std::int64_t rows,
                         std::int64_t columns);

/// A whole tensor [size] as float32.
std::vector<float> load_vector(const Checkpoint& checkpoint, const std::string& name,
                               std::int64_t size);

}  // namespace aircomp::inference
