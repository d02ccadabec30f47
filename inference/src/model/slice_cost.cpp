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

double mlp_weights(const ModelConfig& model, const Slice& slice) {
    return mlp_matrices(model) * static_cast<double>(model.hidden_size) *
           static_cast<double>(slice.ffn_columns.size());
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
    return kind == SiteKind::mlp ? !slice.ffn_columns.empty() : !slice.heads.empty();
}

bool holds_any(const Slice& slice) {
    return std::any_of(site_kinds.begin(), site_kinds.end(),
                       [&](SiteKind kind) { return holds_any(slice, kind); });
}

double held_part(const ModelConfig& model, const Slice& slice, SiteKind kind) {
    return kind == SiteKind::mlp
               ? static_cast<double>(slice.ffn_columns.size()) / static_cast<double>(model.ffn_size)
               : static_cast<double>(slice.heads.size()) / static_cast<double>(model.heads);
}

double site_flops(const ModelConfig& model, const Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors) {
    const auto count = static_cast<double>(vectors);
    if (kind == SiteKind::mlp) return count * 2 * mlp_weights(model, slice);
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
    const std::string layers = family_of(checkpoint.config().architecture).names.layers;
    double bytes = 0;
    double weights = 0;
    for (const std::string& name : checkpoint.names()) {
        if (name.compare(0, layers.size(), layers) != 0) continue;
        const TensorView tensor = checkpoint.tensor(name);
        if (tensor.shape.size() != 2) continue;
        bytes += static_cast<double>(tensor.bytes.size());
        weights += static_cast<double>(tensor.shape[0]) * static_cast<double>(tensor.shape[1]);
    }
    if (weights == 0) {
        throw std::runtime_error(checkpoint.folder().string() +
                                 ": expected weight matrices named " + layers + "*, found none");
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
           static_cast<double>(kv_groups_of(model, slice).size());
}

}  // namespace aircomp::inference
