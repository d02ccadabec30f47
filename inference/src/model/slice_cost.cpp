// SPDX-License-Identifier: GPL-3.0-or-later
// Counts what the decoder does and what it keeps.
#include "aircomp/inference/slice_cost.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace aircomp::inference {

namespace {

/// Key and value, or the columns of a query head and of the output projection: of each two
/// matrices.
double attention_weights(const ModelConfig& model, const Slice& slice) {
    const std::int64_t heads = slice.kv_groups.size() * (model.heads_per_group() + 1);
    return 2 * static_cast<double>(model.hidden_size) * static_cast<double>(model.head_dim * heads);
}

/// Gate, up and down projection.
double mlp_weights(const ModelConfig& model, const Slice& slice) {
    return 3 * static_cast<double>(model.hidden_size) *
           static_cast<double>(slice.ffn_columns.size());
}

double attention_flops(const ModelConfig& model, const Slice& slice, std::int64_t position,
                       double vectors) {
    const auto d = static_cast<double>(model.hidden_size);
    const auto groups = static_cast<double>(slice.kv_groups.size());
    const auto head = static_cast<double>(model.head_dim);
    const auto queries = groups * static_cast<double>(model.heads_per_group());
    const double mean_span = static_cast<double>(position) + (vectors + 1) / 2;
    return vectors * (2 * d * head * (2 * queries + 2 * groups) + 4 * queries * head * mean_span);
}

}  // namespace

bool holds_any(const Slice& slice, SiteKind kind) {
    return kind == SiteKind::mlp ? !slice.ffn_columns.empty() : !slice.kv_groups.empty();
}

bool holds_any(const Slice& slice) {
    return std::any_of(site_kinds.begin(), site_kinds.end(),
                       [&](SiteKind kind) { return holds_any(slice, kind); });
}

double held_part(const ModelConfig& model, const Slice& slice, SiteKind kind) {
    return kind == SiteKind::mlp
               ? static_cast<double>(slice.ffn_columns.size()) / static_cast<double>(model.ffn_size)
               : static_cast<double>(slice.kv_groups.size()) / static_cast<double>(model.kv_heads);
}

double site_flops(const ModelConfig& model, const Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors) {
    const auto count = static_cast<double>(vectors);
    if (kind == SiteKind::mlp) {
        return count * 6 * static_cast<double>(model.hidden_size) *
               static_cast<double>(slice.ffn_columns.size());
    }
    return attention_flops(model, slice, position, count);
}

double token_flops(const ModelConfig& model, const Slice& slice, std::int64_t position) {
    double layer = 0;
    for (const SiteKind kind : model.sites_of_layer())
        layer += site_flops(model, slice, kind, position, 1);
    return static_cast<double>(model.layers) * layer;
}

double head_flops(const ModelConfig& model, std::int64_t vectors) {
    return 2.0 * static_cast<double>(model.vocabulary_size) *
           static_cast<double>(model.hidden_size) * static_cast<double>(vectors);
}

double bytes_per_weight(const Checkpoint& checkpoint) {
    double bytes = 0;
    double weights = 0;
    for (const std::string& name : checkpoint.names()) {
        constexpr std::string_view layers = "model.layers.";
        if (name.compare(0, layers.size(), layers) != 0) continue;
        const TensorView tensor = checkpoint.tensor(name);
        if (tensor.shape.size() != 2) continue;
        bytes += static_cast<double>(tensor.bytes.size());
        weights += static_cast<double>(tensor.shape[0]) * static_cast<double>(tensor.shape[1]);
    }
    if (weights == 0) {
        throw std::runtime_error(checkpoint.folder().string() +
                                 ": expected weight matrices named model.layers.*, found none");
    }
    return bytes / weights;
}

double weight_bytes(const ModelConfig& model, const Slice& slice, double bytes_per_weight) {
    return static_cast<double>(model.layers) *
           (attention_weights(model, slice) + mlp_weights(model, slice)) * bytes_per_weight;
}

double cache_bytes(const ModelConfig& model, const Slice& slice, std::int64_t context) {
    // A key and a value, in float32.
    return 2.0 * sizeof(float) * static_cast<double>(model.layers * context * model.head_dim) *
           static_cast<double>(slice.kv_groups.size());
}

}  // namespace aircomp::inference
