// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer as one device computes it: in every layer norm, attention, norm, MLP, each as its
// family has it, over its slice.
#include "aircomp/inference/decoder.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "aircomp/inference/add.hpp"
#include "model/attention.hpp"
#include "model/half_steps.hpp"
#include "model/kv_cache.hpp"
#include "model/layer_weights.hpp"
#include "model/mlp.hpp"
#include "model/norm.hpp"
#include "model/partial_hooks.hpp"
#include "model/prediction.hpp"
#include "model/rotary_embedding.hpp"
#include "model/steps.hpp"
#include "model/torch_part.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

void check_range(Range range, std::int64_t size, const char* what) {
    if (range.begin < 0 || range.begin > range.end || range.end > size) {
        throw std::invalid_argument(
            "slice: expected " + std::string(what) + " within [0, " + std::to_string(size) +
            "), found [" + std::to_string(range.begin) + ", " + std::to_string(range.end) + ")");
    }
}

}  // namespace

struct DeviceModel::Weights {
    Weights(const Checkpoint& checkpoint, const Slice& its_slice, int its_threads,
            const Compute& compute)
        : config(checkpoint.config()),
          slice(its_slice),
          kv_groups(kv_groups_of(config, slice)),
          threads(its_threads),
          rotary(config, {config.rope_theta, config.rope_scaling}),
          local_rotary(config,
                       config.local_rope.value_or(Rope{config.rope_theta, config.rope_scaling})) {
        check_range(slice.heads, config.heads, "query heads");
        check_range(slice.ffn_columns, config.ffn_size, "FFN columns");
        require_compute(compute);
        if (compute.backend == ComputeBackend::torch) {
            load_torch(checkpoint, compute);
            return;
        }
        for (std::int64_t layer = 0; layer < config.layers; ++layer) {
            layers.push_back(load_layer(checkpoint, slice, layer, copies));
        }
    }

    /// Copies layer by layer, so that no more than one of them is in memory twice.
    void load_torch(const Checkpoint& checkpoint, const Compute& compute);

    /// The last projection of a site, less what is foretold of it: `a` is changed by that.
    void finish(const Site& site, std::int64_t position, const Projection& output, Activations h,
                Activations a, gsl::span<float> partial);

    /// The last projection of a site of such a kind.
    const Projection& output_of(const Site& site) const;

    /// The part of `cache` that the torch backend fills.
    TorchCache& torch_cache_of(KvCache::Storage& cache) const;

    /// Throws where tokens at `position`, ... do not fit into `cache`.
    void check_cache(const KvCache::Storage& cache, std::int64_t position,
                     std::int64_t tokens) const;

    ModelConfig config;
    Slice slice;
    Range kv_groups;
    ThreadPool threads;
    RotaryEmbedding rotary;
    RotaryEmbedding local_rotary;  ///< Of layers whose attention is local.
    std::vector<LayerWeights> layers;
    std::vector<HugeBuffer> copies;
    PartialHooks hooks;
    std::unique_ptr<TorchSlice> torch;  ///< In place of layers and copies.
};

void DeviceModel::Weights::load_torch(const Checkpoint& checkpoint, const Compute& compute) {
    torch = torch_part().make_slice(
        compute, TorchContext{config, slice, hooks, rotary, local_rotary, threads.threads()});
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
        std::vector<HugeBuffer> of_layer;
        const LayerWeights weights = load_layer(checkpoint, slice, layer, of_layer);
        torch->add_layer(weights);
        for (const WeightMatrix& matrix : matrices_of(weights))
            checkpoint.release({matrix.data, matrix.bytes()});
    }
}

const Projection& DeviceModel::Weights::output_of(const Site& site) const {
    const LayerWeights& weights = layers.at(static_cast<std::size_t>(site.layer));
    return site.kind == SiteKind::attention ? weights.output : weights.mlp.down;
}

void DeviceModel::Weights::finish(const Site& site, std::int64_t position, const Projection& output,
                                  Activations h, Activations a, gsl::span<float> partial) {
    const bool can_be_foretold = input_width(config, site) > 0;
    if (hooks.predictions && can_be_foretold)
        inference::leave_out((*hooks.predictions)[site.index], columns_of(config, slice, site.kind),
                             position, h, a, threads);
    hooks.finish(site, can_be_foretold, position, h, a, partial, [&] {
        const std::int64_t hidden = config.hidden_size;
        project(output, a, {partial.data(), a.tokens, hidden, hidden}, threads);
        multiply_by(static_cast<float>(config.residual_scale), partial);
    });
}

TorchCache& DeviceModel::Weights::torch_cache_of(KvCache::Storage& cache) const {
    if (!cache.on_torch) cache.on_torch = torch->make_cache(cache.capacity);
    return *cache.on_torch;
}

void DeviceModel::Weights::check_cache(const KvCache::Storage& cache, std::int64_t position,
                                       std::int64_t tokens) const {
    if (cache.groups != kv_groups.size() || cache.layers != config.layers ||
        cache.head_dim != config.head_dim) {
        throw std::invalid_argument(
            "KV cache: expected " + std::to_string(config.layers) + " layers of " +
            std::to_string(kv_groups.size()) + " KV groups of " + std::to_string(config.head_dim) +
            ", found " + std::to_string(cache.layers) + " of " + std::to_string(cache.groups) +
            " of " + std::to_string(cache.head_dim));
    }
    if (position < 0) {
        throw std::invalid_argument("position: expected at least 0, found " +
                                    std::to_string(position));
    }
    if (position > cache.capacity - tokens) {
        throw std::length_error("KV cache: expected at most " + std::to_string(cache.capacity) +
                                " tokens, its capacity, found " +
                                std::to_string(position + tokens));
    }
}

DeviceModel::DeviceModel(const Checkpoint& checkpoint, const Slice& slice, int threads,
                         const Compute& compute)
    : weights_(std::make_unique<Weights>(checkpoint, slice, threads, compute)) {}

DeviceModel::~DeviceModel() = default;
DeviceModel::DeviceModel(DeviceModel&&) noexcept = default;
DeviceModel& DeviceModel::operator=(DeviceModel&&) noexcept = default;

const Slice& DeviceModel::slice() const {
    return weights_->slice;
}

void DeviceModel::attention_partial(std::int64_t layer, gsl::span<const float> x,
                                    std::int64_t position, KvCache& cache,
                                    gsl::span<float> partial) const {
    const ModelConfig& config = weights_->config;
    ThreadPool& threads = weights_->threads;
    const std::int64_t hidden = config.hidden_size;
    const std::int64_t tokens = count_tokens(x.size(), hidden, partial.size(), hidden);
    KvCache::Storage& kv = *cache.storage_;
    weights_->check_cache(kv, position, tokens);
    const Range heads = weights_->slice.heads;
    if (heads.empty() || tokens == 0) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        return;
    }
    if (weights_->torch)
        return weights_->torch->partial(SiteKind::attention, layer, x, position,
                                        &weights_->torch_cache_of(kv), partial);
    const LayerWeights& weights = weights_->layers.at(static_cast<std::size_t>(layer));
    const std::int64_t head_dim = config.head_dim;

    Buffer normed(tokens, hidden);
    Buffer all_queries(tokens, weights.query.weight.rows);
    Buffer all_keys(tokens, weights.key.weight.rows);
    Buffer values(tokens, kv.groups * head_dim);
    apply_norm(config, weights.attention_norm, x, normed, threads);
    project(weights.query, normed, all_queries, threads);
    project(weights.key, normed, all_keys, threads);
    project(weights.value, normed, values, threads);
    norm_parts(config, weights.query_norm, all_queries);
    norm_parts(config, weights.key_norm, all_keys);
    // Where all heads are normed together, those of other devices were computed as well.
    const bool whole = config.design.qk_norm == QkNorm::whole;
    const Activations queries =
        Activations(all_queries).part(whole ? heads.begin * head_dim : 0, heads.size() * head_dim);
    const Activations keys = Activations(all_keys).part(
        whole ? weights_->kv_groups.begin * head_dim : 0, kv.groups * head_dim);
    const bool local = config.is_local(layer);
    if (config.rotates(layer)) {
        const RotaryEmbedding& rotary = local ? weights_->local_rotary : weights_->rotary;
        rotary.rotate(queries, position, kv.capacity);
        rotary.rotate(keys, position, kv.capacity);
    }
    kv.write(layer, position, keys, values);

    Buffer attended(tokens, heads.size() * head_dim);
    const std::int64_t end = position + tokens;
    const Scoring scoring = scoring_of(config, local);
    const std::int64_t begin = std::max<std::int64_t>(0, position + 1 - scoring.window);
    const auto attend_heads = [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t head = first; head < last; ++head) {
            const std::int64_t group =
                (heads.begin + head) / config.heads_per_group() - weights_->kv_groups.begin;
            attend(kv.keys_of(layer, group, {begin, end}), kv.values_of(layer, group, {begin, end}),
                   position - begin, scoring, queries.part(head * head_dim, head_dim),
                   Activations(attended).part(head * head_dim, head_dim));
        }
    };
    threads.for_each_piece(heads.size(), grain(tokens * (end - begin) * head_dim), attend_heads);
    weights_->finish(site_of(config, layer, SiteKind::attention), position, weights.output, normed,
                     attended, partial);
}

void DeviceModel::mlp_partial(std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                              gsl::span<float> partial) const {
    const ModelConfig& config = weights_->config;
    ThreadPool& threads = weights_->threads;
    const std::int64_t hidden = config.hidden_size;
    const std::int64_t tokens = count_tokens(x.size(), hidden, partial.size(), hidden);
    if (weights_->slice.ffn_columns.empty() || tokens == 0) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        return;
    }
    if (weights_->torch)
        return weights_->torch->partial(SiteKind::mlp, layer, x, position, nullptr, partial);
    const LayerWeights& weights = weights_->layers.at(static_cast<std::size_t>(layer));

    Buffer normed(tokens, hidden);
    apply_norm(config, weights.mlp_norm, x, normed, threads);
    if (config.has_experts(layer)) {
        run_experts(config, weights, normed, {partial.data(), tokens, hidden, hidden}, threads);
        multiply_by(static_cast<float>(config.residual_scale), partial);
        return;
    }
    Buffer inside = run_mlp_inside(config, weights.mlp, normed, threads);
    weights_->finish(site_of(config, layer, SiteKind::mlp), position, weights.mlp.down, normed,
                     inside, partial);
}

void DeviceModel::block_partial(std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                                KvCache& cache, gsl::span<float> partial) const {
    if (weights_->torch) {
        const std::int64_t hidden = weights_->config.hidden_size;
        const std::int64_t tokens = count_tokens(x.size(), hidden, partial.size(), hidden);
        weights_->check_cache(*cache.storage_, position, tokens);
        return weights_->torch->partial(SiteKind::block, layer, x, position,
                                        &weights_->torch_cache_of(*cache.storage_), partial);
    }
    std::vector<float> mlp(partial.size());
    attention_partial(layer, x, position, cache, partial);
    mlp_partial(layer, x, position, mlp);
    add(mlp, partial);
}

void DeviceModel::partial(const Site& site, gsl::span<const float> x, std::int64_t position,
                          KvCache& cache, gsl::span<float> partial) const {
    switch (site.kind) {
        case SiteKind::attention:
            return attention_partial(site.layer, x, position, cache, partial);
        case SiteKind::mlp:
            return mlp_partial(site.layer, x, position, partial);
        case SiteKind::block:
            return block_partial(site.layer, x, position, cache, partial);
    }
}

void DeviceModel::leave_out(std::shared_ptr<const SitePredictions> predictions) {
    check_predictions(*predictions, weights_->config);
    if (weights_->torch) weights_->torch->leave_out(*predictions);
    weights_->hooks.predictions = std::move(predictions);
}

void DeviceModel::observe(SiteObserver observer) {
    weights_->hooks.observer = std::move(observer);
}

void DeviceModel::code_inputs(InputCoder coder, PartialObserver uncoded) {
    if (weights_->config.experts.count > 0) {
        throw std::invalid_argument(
            "inputs of last projections: expected a model without experts, whose projections are "
            "as many as the experts that a token chooses");
    }
    weights_->hooks.input_coder = std::move(coder);
    weights_->hooks.uncoded = std::move(uncoded);
}

std::vector<float> DeviceModel::output_weights(const Site& site) const {
    if (input_width(weights_->config, site) == 0) {
        throw std::invalid_argument("site " + std::to_string(site.index) +
                                    ": expected one whose partial is a single projection");
    }
    if (weights_->torch) return weights_->torch->output_weights(site);
    const WeightMatrix& matrix = weights_->output_of(site).weight;
    std::vector<float> values(static_cast<std::size_t>(matrix.rows * matrix.columns));
    for (std::int64_t r = 0; r < matrix.rows; ++r) {
        widen_row(matrix, r,
                  {values.data() + r * matrix.columns, static_cast<std::size_t>(matrix.columns)});
    }
    return values;
}

std::size_t DeviceModel::weight_bytes() const {
    if (weights_->torch) return weights_->torch->weight_bytes();
    std::size_t bytes = 0;
    for (const LayerWeights& layer : weights_->layers) {
        for (const WeightMatrix& matrix : matrices_of(layer))
            bytes += matrix.bytes();
    }
    return bytes;
}

}  // namespace aircomp::inference
