// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer of the Llama family, as one device and as the coordinator compute it:
// embedding; in every layer RMSNorm, attention, RMSNorm, SwiGLU MLP; RMSNorm, output head.
#include "aircomp/inference/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>

#include "model/kv_cache.hpp"
#include "model/layer_weights.hpp"
#include "model/rotary_embedding.hpp"
#include "weights/product.hpp"
#include "weights/row_math.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

/// Multiplications of loops over heads or elements that a thread takes at a time.
constexpr std::int64_t piece_work = 16 * 1024;

/// Indices of such a loop that are a piece, where each costs `work` multiplications.
std::int64_t grain(std::int64_t work) {
    return std::max<std::int64_t>(1, piece_work / work);
}

/// Activations [tokens, size] that a function computes on its way.
class Buffer {
public:
    Buffer(std::int64_t tokens, std::int64_t size)
        : tokens_(tokens), size_(size), values_(static_cast<std::size_t>(tokens * size)) {}
    operator Activations() { return {values_.data(), tokens_, size_, size_}; }

private:
    std::int64_t tokens_;
    std::int64_t size_;
    std::vector<float> values_;
};

/// y = x / rms(x) * weight, token by token.
void rms_norm(gsl::span<const float> x, gsl::span<const float> weight, double epsilon,
              Activations y, ThreadPool& threads) {
    const std::size_t size = weight.size();
    const auto norm_tokens = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
            const auto in = x.subspan(static_cast<std::size_t>(t) * size, size);
            const auto scale = static_cast<float>(
                1 / std::sqrt(sum_of_squares(in) / static_cast<double>(size) + epsilon));
            float* const out = y.token(t).data();
            for (std::size_t i = 0; i < size; ++i)
                out[i] = in[i] * scale * weight[i];
        }
    };
    threads.for_each_piece(y.tokens, grain(y.size), norm_tokens);
}

void project(const Projection& projection, Activations x, Activations y, ThreadPool& threads) {
    multiply(projection.weight, x, y, threads);
    if (projection.bias.empty()) return;
    for (std::int64_t t = 0; t < y.tokens; ++t) {
        std::transform(projection.bias.begin(), projection.bias.end(), y.token(t).begin(),
                       y.token(t).begin(), std::plus<>());
    }
}

/// Softmax over the first `visible` scores times `scale`; the others become 0.
void masked_softmax(gsl::span<float> scores, std::int64_t visible, float scale) {
    const auto seen = scores.first(static_cast<std::size_t>(visible));
    softmax(seen, scale);
    std::fill(scores.begin() + visible, scores.end(), 0.0f);
}

/// One query head over one KV group; `query` and `out` are [tokens, head_dim].
void attend(const WeightMatrix& keys, const WeightMatrix& values, std::int64_t position,
            Activations query, Activations out) {
    Buffer buffer(query.tokens, keys.rows);
    const Activations scores = buffer;
    ThreadPool alone(1);  // other heads keep the other threads busy
    multiply(keys, query, scores, alone);
    const float scale = 1 / std::sqrt(static_cast<float>(keys.columns));
    for (std::int64_t t = 0; t < query.tokens; ++t) {
        masked_softmax(scores.token(t), position + t + 1, scale);
    }
    multiply(values, scores, out, alone);
}

/// gate = silu(gate) * up, element by element.
void swiglu(Activations gate, Activations up, ThreadPool& threads) {
    const std::int64_t count = gate.tokens * gate.size;
    threads.for_each_piece(count, grain(1), [=](std::int64_t begin, std::int64_t end) {
        const auto size = static_cast<std::size_t>(end - begin);
        multiply_silu({gate.data + begin, size}, {up.data + begin, size});
    });
}

void check_range(Range range, std::int64_t size, const char* what) {
    if (range.begin < 0 || range.begin > range.end || range.end > size) {
        throw std::invalid_argument(
            "slice: expected " + std::string(what) + " within [0, " + std::to_string(size) +
            "), found [" + std::to_string(range.begin) + ", " + std::to_string(range.end) + ")");
    }
}

/// Number of tokens of x [tokens, width], whose result has `output` elements of `result_width`.
std::int64_t count_tokens(std::size_t x, std::int64_t width, std::size_t output,
                          std::int64_t result_width) {
    const auto tokens = static_cast<std::int64_t>(x) / width;
    if (static_cast<std::int64_t>(x) != tokens * width ||
        static_cast<std::int64_t>(output) != tokens * result_width) {
        throw std::invalid_argument("expected tokens of " + std::to_string(width) +
                                    " elements in and " + std::to_string(result_width) +
                                    " out, found " + std::to_string(x) + " and " +
                                    std::to_string(output) + " elements");
    }
    return tokens;
}

}  // namespace

struct DeviceModel::Weights {
    Weights(const Checkpoint& checkpoint, const Slice& its_slice, int its_threads)
        : config(checkpoint.config()), slice(its_slice), threads(its_threads), rotary(config) {
        check_range(slice.kv_groups, config.kv_heads, "KV groups");
        check_range(slice.ffn_columns, config.ffn_size, "FFN columns");
        for (std::int64_t layer = 0; layer < config.layers; ++layer) {
            layers.push_back(load_layer(checkpoint, slice, layer, copies));
        }
    }

    /// Throws where tokens at `position`, ... do not fit into `cache`.
    void check_cache(const KvCache::Storage& cache, std::int64_t position,
                     std::int64_t tokens) const;

    ModelConfig config;
    Slice slice;
    ThreadPool threads;
    RotaryEmbedding rotary;
    std::vector<LayerWeights> layers;
    std::vector<HugeBuffer> copies;
};

void DeviceModel::Weights::check_cache(const KvCache::Storage& cache, std::int64_t position,
                                       std::int64_t tokens) const {
    if (cache.groups != slice.kv_groups.size() || cache.layers != config.layers ||
        cache.head_dim != config.head_dim) {
        throw std::invalid_argument(
            "KV cache: expected " + std::to_string(config.layers) + " layers of " +
            std::to_string(slice.kv_groups.size()) + " KV groups of " +
            std::to_string(config.head_dim) + ", found " + std::to_string(cache.layers) + " of " +
            std::to_string(cache.groups) + " of " + std::to_string(cache.head_dim));
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

DeviceModel::DeviceModel(const Checkpoint& checkpoint, const Slice& slice, int threads)
    : weights_(std::make_unique<Weights>(checkpoint, slice, threads)) {}

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
    if (weights_->slice.kv_groups.empty() || tokens == 0) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        return;
    }
    const LayerWeights& weights = weights_->layers.at(static_cast<std::size_t>(layer));
    const std::int64_t head_dim = config.head_dim;
    const std::int64_t heads = kv.groups * config.heads_per_group();

    Buffer normed(tokens, hidden);
    Buffer queries(tokens, heads * head_dim);
    Buffer keys(tokens, kv.groups * head_dim);
    Buffer values(tokens, kv.groups * head_dim);
    rms_norm(x, weights.attention_norm, config.rms_norm_epsilon, normed, threads);
    project(weights.query, normed, queries, threads);
    project(weights.key, normed, keys, threads);
    project(weights.value, normed, values, threads);
    weights_->rotary.rotate(queries, position);
    weights_->rotary.rotate(keys, position);
    kv.write(layer, position, keys, values);

    Buffer attended(tokens, heads * head_dim);
    const std::int64_t visible = position + tokens;
    const auto attend_heads = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t head = begin; head < end; ++head) {
            const std::int64_t group = head / config.heads_per_group();
            attend(kv.keys_of(layer, group, visible), kv.values_of(layer, group, visible), position,
                   Activations(queries).part(head * head_dim, head_dim),
                   Activations(attended).part(head * head_dim, head_dim));
        }
    };
    threads.for_each_piece(heads, grain(tokens * visible * head_dim), attend_heads);
    multiply(weights.output, attended, {partial.data(), tokens, hidden, hidden}, threads);
}

void DeviceModel::mlp_partial(std::int64_t layer, gsl::span<const float> x,
                              gsl::span<float> partial) const {
    const ModelConfig& config = weights_->config;
    ThreadPool& threads = weights_->threads;
    const std::int64_t hidden = config.hidden_size;
    const std::int64_t tokens = count_tokens(x.size(), hidden, partial.size(), hidden);
    const std::int64_t columns = weights_->slice.ffn_columns.size();
    if (columns == 0) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        return;
    }
    const LayerWeights& weights = weights_->layers.at(static_cast<std::size_t>(layer));

    Buffer normed(tokens, hidden);
    Buffer gate(tokens, columns);
    Buffer up(tokens, columns);
    rms_norm(x, weights.mlp_norm, config.rms_norm_epsilon, normed, threads);
    multiply(weights.gate, normed, gate, threads);
    multiply(weights.up, normed, up, threads);
    swiglu(gate, up, threads);
    multiply(weights.down, gate, {partial.data(), tokens, hidden, hidden}, threads);
}

void DeviceModel::partial(const Site& site, gsl::span<const float> x, std::int64_t position,
                          KvCache& cache, gsl::span<float> partial) const {
    if (site.kind == SiteKind::mlp) return mlp_partial(site.layer, x, partial);
    attention_partial(site.layer, x, position, cache, partial);
}

std::size_t DeviceModel::weight_bytes() const {
    std::size_t bytes = 0;
    for (const LayerWeights& layer : weights_->layers) {
        for (const WeightMatrix& matrix : {layer.query.weight, layer.key.weight, layer.value.weight,
                                           layer.output, layer.gate, layer.up, layer.down}) {
            bytes += matrix.bytes();
        }
    }
    return bytes;
}

struct CoordinatorModel::Weights {
    Weights(const Checkpoint& checkpoint, int its_threads)
        : config(checkpoint.config()),
          threads(its_threads),
          embedding(load_matrix(checkpoint, "model.embed_tokens.weight", config.vocabulary_size,
                                config.hidden_size)),
          norm(load_vector(checkpoint, "model.norm.weight", config.hidden_size)),
          head(config.tied_embeddings ? embedding
                                      : load_matrix(checkpoint, "lm_head.weight",
                                                    config.vocabulary_size, config.hidden_size)) {}

    ModelConfig config;
    ThreadPool threads;
    WeightMatrix embedding;   ///< [vocabulary_size, hidden_size]
    std::vector<float> norm;  ///< [hidden_size]
    WeightMatrix head;        ///< [vocabulary_size, hidden_size]
};

CoordinatorModel::CoordinatorModel(const Checkpoint& checkpoint, int threads)
    : weights_(std::make_unique<Weights>(checkpoint, threads)) {}

CoordinatorModel::~CoordinatorModel() = default;
CoordinatorModel::CoordinatorModel(CoordinatorModel&&) noexcept = default;
CoordinatorModel& CoordinatorModel::operator=(CoordinatorModel&&) noexcept = default;

void CoordinatorModel::embed(gsl::span<const Token> tokens, gsl::span<float> x) const {
    const std::int64_t hidden = weights_->config.hidden_size;
    count_tokens(tokens.size(), 1, x.size(), hidden);
    const auto width = static_cast<std::size_t>(hidden);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        if (tokens[t] < 0 || tokens[t] >= weights_->embedding.rows) {
            throw std::out_of_range("token " + std::to_string(t) + ": expected an id of 0 to " +
                                    std::to_string(weights_->embedding.rows - 1) + ", found " +
                                    std::to_string(tokens[t]));
        }
        widen(weights_->embedding.type, weights_->embedding.row(tokens[t]),
              x.subspan(t * width, width));
    }
}

void CoordinatorModel::logits(gsl::span<const float> x, gsl::span<float> logits) const {
    const ModelConfig& config = weights_->config;
    const WeightMatrix& head = weights_->head;
    const std::int64_t tokens =
        count_tokens(x.size(), config.hidden_size, logits.size(), config.vocabulary_size);
    Buffer normed(tokens, config.hidden_size);
    rms_norm(x, weights_->norm, config.rms_norm_epsilon, normed, weights_->threads);
    multiply(head, normed, {logits.data(), tokens, head.rows, head.rows}, weights_->threads);
}

std::size_t CoordinatorModel::weight_bytes() const {
    return weights_->head.bytes();
}

}  // namespace aircomp::inference
