// SPDX-License-Identifier: GPL-3.0-or-later
// One device's slice of one decoder layer's weights: how tensor parallelism cuts a layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice.hpp"
#include "model/norm.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/matvec.hpp"

namespace aircomp::inference {

/// A projection with a bias, which is empty in most models.
struct Projection {
    WeightMatrix weight;
    std::vector<float> bias;
};

/// An MLP, or one expert of a mixture: f columns of the slice.
struct Mlp {
    Projection gate;  ///< [f, D], rows; none where the MLP is not gated
    Projection up;    ///< [f, D], rows
    Projection down;  ///< [D, f], columns
};

/// D is hidden_size; h, g and f are the query heads, KV groups and FFN columns of the slice. Biases
/// of what is summed over devices are with the device of the first head and the first column. A
/// slice without heads has no weights of the attention, one without columns none of the MLP.
struct LayerWeights {
    Norm attention_norm;  ///< [D], replicated; empty where the family has none
    Projection query;     ///< [h * head_dim, D], rows of the layer's; all rows with QkNorm::whole
    Projection key;       ///< [g * head_dim, D], as above
    Projection value;     ///< [g * head_dim, D], rows
    Norm query_norm;      ///< [head_dim], or of all heads with QkNorm::whole
    Norm key_norm;        ///< as above
    Projection output;    ///< [D, h * head_dim], columns
    Norm mlp_norm;        ///< [D], replicated
    Mlp mlp;              ///< Or the shared expert, where the layer has experts
    WeightMatrix router;  ///< [experts, D], replicated; none where there are no experts
    std::vector<Mlp> experts;
    WeightMatrix shared_gate;  ///< [1, D], replicated; of the shared expert
};

/// Rows are views into the checkpoint, but for those that lie apart or are quantised. Columns are copied to where
/// they lie contiguously, each copy appended to `copies`.
LayerWeights load_layer(const Checkpoint& checkpoint, const Slice& slice, std::int64_t layer,
                        std::vector<HugeBuffer>& copies);

/// All matrices of it.
std::vector<WeightMatrix> matrices_of(const LayerWeights& weights);

/// A whole tensor [rows, columns], where it lies, or copied where it is quantised.
WeightMatrix load_matrix(const Checkpoint& checkpoint, const std::string& name, std::int64_t rows,
                         std::int64_t columns, std::vector<HugeBuffer>& copies);

/// A whole tensor [size] as float32.
std::vector<float> load_vector(const Checkpoint& checkpoint, const std::string& name,
                               std::int64_t size);

}  // namespace aircomp::inference
