// SPDX-License-Identifier: GPL-3.0-or-later
// Finds a layer's tensors by their Hugging Face names and says which rows and columns a slice has.
#include "model/layer_weights.hpp"

#include <utility>

#include "weights/matrix_cut.hpp"

namespace aircomp::inference {

namespace {

Range times(Range range, std::int64_t factor) {
    return {range.begin * factor, range.end * factor};
}

}  // namespace

WeightMatrix load_matrix(const Checkpoint& checkpoint, const std::string& name, std::int64_t rows,
                         std::int64_t columns) {
    const TensorView tensor = checkpoint.tensor(name, {rows, columns});
    return {tensor.bytes.data(), tensor.type, rows, columns, columns};
}

std::vector<float> load_vector(const Checkpoint& checkpoint, const std::string& name,
                               std::int64_t size) {
    const TensorView tensor = checkpoint.tensor(name, {size});
    std::vector<float> values(static_cast<std::size_t>(size));
    widen(tensor.type, tensor.bytes.data(), values);
    return values;
}

LayerWeights load_layer(const Checkpoint& checkpoint, const Slice& slice, std::int64_t layer,
                        std::vector<HugeBuffer>& copies) {
    const ModelConfig& config = checkpoint.config();
    const std::int64_t hidden = config.hidden_size;
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";

    const auto norm = [&](const std::string& name) {
        return load_vector(checkpoint, prefix + name + ".weight", hidden);
    };
    const auto rows = [&](const std::string& name, std::int64_t all, Range range) {
        return cut_rows(checkpoint, load_matrix(checkpoint, prefix + name + ".weight", all, hidden),
                        range);
    };
    const auto columns = [&](const std::string& name, std::int64_t all, Range range) {
        return cut_columns(checkpoint,
                           load_matrix(checkpoint, prefix + name + ".weight", hidden, all), range,
                           copies);
    };
    const auto projection = [&](const std::string& name, std::int64_t all, Range range) {
        std::vector<float> bias;
        if (config.qkv_bias) {
            bias = load_vector(checkpoint, prefix + name + ".bias", all);
            bias = {bias.begin() + range.begin, bias.begin() + range.end};
        }
        return Projection{rows(name, all, range), std::move(bias)};
    };

    const std::int64_t query_rows = config.heads * config.head_dim;
    const std::int64_t key_rows = config.kv_heads * config.head_dim;
    const Range keys = times(slice.kv_groups, config.head_dim);
    const Range queries = times(keys, config.heads_per_group());
    const Range ffn = slice.ffn_columns;
    return {norm("input_layernorm"),
            projection("self_attn.q_proj", query_rows, queries),
            projection("self_attn.k_proj", key_rows, keys),
            projection("self_attn.v_proj", key_rows, keys),
            columns("self_attn.o_proj", query_rows, queries),
            norm("post_attention_layernorm"),
            rows("mlp.gate_proj", config.ffn_size, ffn),
            rows("mlp.up_proj", config.ffn_size, ffn),
            columns("mlp.down_proj", config.ffn_size, ffn)};
}

}  // namespace aircomp::inference
