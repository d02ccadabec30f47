// SPDX-License-Identifier: GPL-3.0-or-later
// Counts what the decoder does and what it keeps.
#include "aircomp/inference/slice_cost.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "model/families.hpp"

namespace aircomp::inference {

namespace {

/// Heads whose rows or columns the attention's four matrices have, in total. Where all heads are
/// normed together, every device computes all queries and keys.
double attention_heads(const ModelConfig& model, const Slice& slice) {
    if (slice.heads.empty()) return 0;
    const std::int64_t groups = kv_groups_of(model, slice).size();
    const bool whole = model.design.qk_norm == QkNorm::whole;
    const std::int64_t queries = whole ? model.heads : slice.heads.size();
    const std::int64_t keys = whole ? model.kv_heads : groups;
    return static_cast<double>(queries + keys + groups + slice.heads.size());
}

double attention_weights(const ModelConfig& model, const Slice& slice) {
    return static_cast<double>(model.hidden_size) * static_cast<double>(model.head_dim) *
           attention_heads(model, slice);
}

/// Gate, where there is one, up and down projection.
double mlp_matrices(const ModelConfig& model) {
    return model.design.gated ? 3 : 2;
}

/// Weights of an MLP of that width that the slice has.
double mlp_weights_of_width(const ModelConfig& model, const Slice& slice, std::int64_t width) {
    return mlp_matrices(model) * static_cast<double>(model.hidden_size) *
           static_cast<double>(columns_of_slice(model, slice, width).size());
}

/// Weights of all layers' MLPs, with so many of their experts, and of routers.
double all_mlp_weights(const ModelConfig& model, const Slice& slice, std::int64_t experts) {
    if (slice.ffn_columns.empty()) return 0;
    const auto hidden = static_cast<double>(model.hidden_size);
    const std::int64_t shared = model.experts.shared_size, dense = model.experts.dense_size;
    double sum = 0;
    for (std::int64_t layer = 0; layer < model.layers; ++layer) {
        if (!model.has_experts(layer)) {
            sum += mlp_weights_of_width(model, slice, dense > 0 ? dense : model.ffn_size);
            continue;
        }
        sum += static_cast<double>(experts) * mlp_weights_of_width(model, slice, model.ffn_size);
        sum += hidden * static_cast<double>(model.experts.count);
        if (shared > 0) sum += mlp_weights_of_width(model, slice, shared) + hidden;
    }
    return sum;
}

/// The positions that `vectors` tokens from `position` on attend to, in total, in a layer that is
/// like the mean of all: local layers see their window at most.
double positions_seen(const ModelConfig& model, double position, double vectors) {
    const double all = vectors * (position + (vectors + 1) / 2);
    if (model.sliding_window == 0) return all;
    const auto window = static_cast<double>(model.sliding_window);
    const double unbounded = std::clamp(window - position, 0.0, vectors);
    const double near =
        unbounded * (position + (unbounded + 1) / 2) + (vectors - unbounded) * window;
    double local = 0;
    for (std::int64_t layer = 0; layer < model.layers; ++layer)
        local += model.is_local(layer) ? 1 : 0;
    const auto layers = static_cast<double>(model.layers);
    return all + (near - all) * local / layers;
}

double attention_flops(const ModelConfig& model, const Slice& slice, std::int64_t position,
                       double vectors) {
    const auto queries = static_cast<double>(model.head_dim * slice.heads.size());
    return 2 * vectors * attention_weights(model, slice) +
           4 * queries * positions_seen(model, static_cast<double>(position), vectors);
}

}  // namespace

bool holds_any(const Slice& slice, SiteKind kind) {
    const bool heads = !slice.heads.empty(), columns = !slice.ffn_columns.empty();
    if (kind == SiteKind::block) return heads || columns;
    return kind == SiteKind::mlp ? columns : heads;
}

bool holds_any(const Slice& slice) {
    return holds_any(slice, SiteKind::block);
}

double held_part(const ModelConfig& model, const Slice& slice, SiteKind kind) {
    const double columns =
        static_cast<double>(slice.ffn_columns.size()) / static_cast<double>(model.ffn_size);
    const double heads = static_cast<double>(slice.heads.size()) / static_cast<double>(model.heads);
    if (kind == SiteKind::block) return (heads + columns) / 2;
    return kind == SiteKind::mlp ? columns : heads;
}

double site_flops(const ModelConfig& model, const Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors) {
    const auto count = static_cast<double>(vectors);
    const double attention =
        kind == SiteKind::mlp ? 0 : attention_flops(model, slice, position, count);
    if (kind == SiteKind::attention) return attention;
    const double mlp = all_mlp_weights(model, slice, model.experts.chosen);
    return attention + count * 2 * mlp / static_cast<double>(model.layers);
}

std::int64_t input_width(const ModelConfig& model, const Slice& slice, SiteKind kind) {
    const std::int64_t attention = kind == SiteKind::mlp ? 0 : slice.heads.size() * model.head_dim;
    return attention + (kind == SiteKind::attention ? 0 : slice.ffn_columns.size());
}

double site_weights(const ModelConfig& model, const Slice& slice, SiteKind kind) {
    const double attention = kind == SiteKind::mlp ? 0 : attention_weights(model, slice);
    if (kind == SiteKind::attention) return attention;
    return attention +
           all_mlp_weights(model, slice, model.experts.chosen) / static_cast<double>(model.layers);
}

double site_cache_bytes(const ModelConfig& model, const Slice& slice, SiteKind kind,
                        std::int64_t position) {
    if (kind == SiteKind::mlp || slice.heads.empty()) return 0;
    const double seen = positions_seen(model, static_cast<double>(position), 1);
    return seen * cache_bytes(model, slice, 1) / static_cast<double>(model.layers);
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
    const std::string layers = family_of(checkpoint.config().architecture).names.layers;
    double bytes = 0;
    double weights = 0;
    for (const std::string& name : checkpoint.names()) {
        if (name.compare(0, layers.size(), layers) != 0) continue;
        const TensorInfo tensor = checkpoint.info(name);
        if (tensor.shape.size() != 2) continue;
        bytes += static_cast<double>(tensor.bytes);
        weights += static_cast<double>(tensor.shape[0]) * static_cast<double>(tensor.shape[1]);
    }
    if (weights == 0) {
        throw std::runtime_error(checkpoint.folder().string() +
                                 ": expected weight matrices named " + layers + "*, found none");
    }
    return bytes / weights;
}

double bytes_per_weight(const Checkpoint& checkpoint, const Compute& compute) {
    if (compute.backend == ComputeBackend::torch) return bytes_of(compute.dtype);
    return bytes_per_weight(checkpoint);
}

double weight_bytes(const ModelConfig& model, const Slice& slice, double bytes_per_weight) {
    return (static_cast<double>(model.layers) * attention_weights(model, slice) +
            all_mlp_weights(model, slice, model.experts.count)) *
           bytes_per_weight;
}

double cache_bytes(const ModelConfig& model, const Slice& slice, std::int64_t context) {
    // A key and a value, in float32.
    return 2.0 * sizeof(float) * static_cast<double>(model.layers * context * model.head_dim) *
           static_cast<double>(kv_groups_of(model, slice).size());
}

}  // namespace aircomp::inference
