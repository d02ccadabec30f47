// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts a layer's tensors by rows and columns and finds them by their Hugging Face names.
#include "model/layer_weights.hpp"

#include <algorithm>
#include <cstring>

namespace aircomp::inference {

namespace {

/// How much of a tensor is copied before its pages are given back.
constexpr std::size_t bytes_between_releases = std::size_t{1} << 20;

Range times(Range range, std::int64_t factor) {
    return {range.begin * factor, range.end * factor};
}

WeightMatrix rows_of(const Checkpoint& checkpoint, const WeightMatrix& w, Range rows) {
    const WeightMatrix slice{w.row(rows.begin), w.type, rows.size(), w.columns, w.stride};
    if (slice.rows != w.rows) checkpoint.isolate({slice.data, slice.bytes()});
    return slice;
}

WeightMatrix columns_of(const Checkpoint& checkpoint, const WeightMatrix& w, Range columns,
                        std::vector<HugeBuffer>& copies) {
    if (columns.size() == w.columns) return w;
    const std::size_t element = element_bytes(w.type);
    const std::size_t width = static_cast<std::size_t>(columns.size()) * element;
    if (columns.empty()) return {nullptr, w.type, w.rows, 0, 0};
    const HugeBuffer& copy = copies.emplace_back(static_cast<std::size_t>(w.rows) * width);

    const std::size_t row_bytes = static_cast<std::size_t>(w.columns) * element;
    const auto rows_between_releases =
        static_cast<std::int64_t>(std::max<std::size_t>(1, bytes_between_releases / row_bytes));
    std::byte* to = copy.bytes().data();
    for (std::int64_t begin = 0; begin < w.rows; begin += rows_between_releases) {
        const std::int64_t end = std::min(begin + rows_between_releases, w.rows);
        for (std::int64_t r = begin; r < end; ++r, to += width) {
            std::memcpy(to, w.row(r) + static_cast<std::size_t>(columns.begin) * element, width);
        }
        checkpoint.release({w.row(begin), static_cast<std::size_t>(end - begin) * row_bytes});
    }
    return {copy.bytes().data(), w.type, w.rows, columns.size(), columns.size()};
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
        return rows_of(checkpoint, load_matrix(checkpoint, prefix + name + ".weight", all, hidden),
                       range);
    };
    const auto columns = [&](const std::string& name, std::int64_t all, Range range) {
        return columns_of(checkpoint,
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
