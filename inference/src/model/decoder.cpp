// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer, as one device and as the coordinator compute it: embedding; in every layer norm,
// attention, norm, MLP, each as its family has it; norm, output head.
#include "aircomp/inference/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>

#include "model/families.hpp"
#include "model/kv_cache.hpp"
#include "model/layer_weights.hpp"
#include "model/norm.hpp"
#include "model/prediction.hpp"
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

/// What the activation makes of one value.
float activated(Activation activation, float x) {
    switch (activation) {
        case Activation::silu:
            return x / (1 + std::exp(-x));
        case Activation::gelu:
            return 0.5f * x * (1 + std::erf(x * 0.70710678f));
        case Activation::gelu_tanh:
            return 0.5f * x * (1 + std::tanh(0.79788456f * (x + 0.044715f * x * x * x)));
    }
    return x;
}

void multiply_by(float factor, gsl::span<float> values) {
    if (factor == 1) return;
    for (float& value : values)
        value *= factor;
}

/// c tanh(x / c)
void soft_cap(double cap, gsl::span<float> values) {
    const auto c = static_cast<float>(cap);
    if (c == 0) return;
    for (float& value : values)
        value = c * std::tanh(value / c);
}

void project(const Projection& projection, Activations x, Activations y, ThreadPool& threads) {
    multiply(projection.weight, x, y, threads);
    if (projection.bias.empty()) return;
    for (std::int64_t t = 0; t < y.tokens; ++t) {
        std::transform(projection.bias.begin(), projection.bias.end(), y.token(t).begin(),
                       y.token(t).begin(), std::plus<>());
    }
}

/// Softmax over the scores `seen`, each times `scale`; the others become 0.
void masked_softmax(gsl::span<float> scores, Range seen, float scale) {
    const auto begin = static_cast<std::size_t>(seen.begin);
    const auto end = static_cast<std::size_t>(seen.end);
    softmax(scores.subspan(begin, end - begin), scale);
    std::fill(scores.begin(), scores.begin() + seen.begin, 0.0f);
    std::fill(scores.begin() + seen.end, scores.end(), 0.0f);
}

/// How scores become weights.
struct Scoring {
    float scale;
    double soft_cap;      ///< 0: none
    std::int64_t window;  ///< Positions that a token sees, its own included.
};

/// One query head over one KV group; `query` and `out` are [tokens, head_dim]. The tokens stand at
/// `position`, ..., counted from the first of `keys` and `values`.
void attend(const WeightMatrix& keys, const WeightMatrix& values, std::int64_t position,
            const Scoring& scoring, Activations query, Activations out) {
    Buffer buffer(query.tokens, keys.rows);
    const Activations scores = buffer;
    ThreadPool alone(1);  // other heads keep the other threads busy
    multiply(keys, query, scores, alone);
    for (std::int64_t t = 0; t < query.tokens; ++t) {
        const std::int64_t end = position + t + 1;
        const Range seen{std::max<std::int64_t>(0, end - scoring.window), end};
        float scale = scoring.scale;
        if (scoring.soft_cap != 0) {
            multiply_by(scale, scores.token(t));
            soft_cap(scoring.soft_cap, scores.token(t));
            scale = 1;
        }
        masked_softmax(scores.token(t), seen, scale);
    }
    multiply(values, scores, out, alone);
}

/// gate = act(gate) * up, element by element.
void gate_up(Activation activation, Activations gate, Activations up, ThreadPool& threads) {
    const std::int64_t count = gate.tokens * gate.size;
    threads.for_each_piece(count, grain(1), [=](std::int64_t begin, std::int64_t end) {
        if (activation == Activation::silu) {
            const auto size = static_cast<std::size_t>(end - begin);
            multiply_silu({gate.data + begin, size}, {up.data + begin, size});
            return;
        }
        for (std::int64_t i = begin; i < end; ++i)
            gate.data[i] = activated(activation, gate.data[i]) * up.data[i];
    });
}

/// x = act(x), element by element.
void activate(Activation activation, Activations x, ThreadPool& threads) {
    threads.for_each_piece(x.tokens * x.size, grain(1), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            x.data[i] = activated(activation, x.data[i]);
    });
}

/// What the down projection of an MLP is applied to.
Buffer run_mlp_inside(const ModelConfig& config, const Mlp& mlp, Activations x,
                      ThreadPool& threads) {
    const Activation activation = config.design.activation;
    Buffer up(x.tokens, mlp.up.weight.rows);
    project(mlp.up, x, up, threads);
    if (!config.design.gated) {
        activate(activation, up, threads);
        return up;
    }
    Buffer gate(x.tokens, mlp.gate.weight.rows);
    project(mlp.gate, x, gate, threads);
    gate_up(activation, gate, up, threads);
    return gate;
}

void run_mlp(const ModelConfig& config, const Mlp& mlp, Activations x, Activations out,
             ThreadPool& threads) {
    Buffer inside = run_mlp_inside(config, mlp, x, threads);
    project(mlp.down, inside, out, threads);
}

/// An expert's weight for a token, where the token chose it.
struct Choice {
    std::int64_t token;
    float weight;
};

/// For each expert, the tokens that choose it: those with the largest scores, weighted by the
/// softmax over all of them.
std::vector<std::vector<Choice>> choose(const Experts& experts, Activations scores) {
    std::vector<std::vector<Choice>> choices(static_cast<std::size_t>(experts.count));
    std::vector<std::size_t> order(choices.size());
    for (std::int64_t t = 0; t < scores.tokens; ++t) {
        const auto weights = scores.token(t);
        masked_softmax(weights, {0, experts.count}, 1);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
        float sum = 0;
        for (std::int64_t i = 0; i < experts.chosen; ++i)
            sum += weights[order[static_cast<std::size_t>(i)]];
        for (std::int64_t i = 0; i < experts.chosen; ++i) {
            const std::size_t expert = order[static_cast<std::size_t>(i)];
            choices[expert].push_back(
                {t, experts.normalised ? weights[expert] / sum : weights[expert]});
        }
    }
    return choices;
}

/// out += weight * values
void add_weighted(gsl::span<const float> values, float weight, gsl::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] += weight * values[i];
}

/// The chosen experts of every token, and the one that all tokens share.
void run_experts(const ModelConfig& config, const LayerWeights& weights, Activations x,
                 Activations out, ThreadPool& threads) {
    for (std::int64_t t = 0; t < out.tokens; ++t)
        std::fill(out.token(t).begin(), out.token(t).end(), 0.0f);
    Buffer scores(x.tokens, config.experts.count);
    multiply(weights.router, x, scores, threads);
    const auto choices = choose(config.experts, scores);
    for (std::size_t e = 0; e < choices.size(); ++e) {
        if (choices[e].empty()) continue;
        const auto count = static_cast<std::int64_t>(choices[e].size());
        Buffer in_buffer(count, x.size), out_buffer(count, x.size);
        const Activations in = in_buffer, result = out_buffer;
        for (std::int64_t i = 0; i < count; ++i) {
            const auto token = x.token(choices[e][static_cast<std::size_t>(i)].token);
            std::copy(token.begin(), token.end(), in.token(i).begin());
        }
        run_mlp(config, weights.experts[e], in, result, threads);
        for (std::int64_t i = 0; i < count; ++i) {
            const Choice& choice = choices[e][static_cast<std::size_t>(i)];
            add_weighted(result.token(i), choice.weight, out.token(choice.token));
        }
    }
    if (config.experts.shared_size == 0) return;
    Buffer shared_buffer(x.tokens, x.size), gate_buffer(x.tokens, 1);
    const Activations shared = shared_buffer, gate = gate_buffer;
    run_mlp(config, weights.mlp, x, shared, threads);
    multiply(weights.shared_gate, x, gate, threads);
    for (std::int64_t t = 0; t < x.tokens; ++t)
        add_weighted(shared.token(t), 1 / (1 + std::exp(-gate.token(t)[0])), out.token(t));
}

Scoring scoring_of(const ModelConfig& config, bool local) {
    const float scale = config.attention_scale > 0
                            ? static_cast<float>(config.attention_scale)
                            : 1 / std::sqrt(static_cast<float>(config.head_dim));
    const bool has_window = local && config.sliding_window > 0;
    return {scale, config.attention_soft_cap, has_window ? config.sliding_window : config.context};
}

void check_range(Range range, std::int64_t size, const char* what) {
    if (range.begin < 0 || range.begin > range.end || range.end > size) {
        throw std::invalid_argument(
            "slice: expected " + std::string(what) + " within [0, " + std::to_string(size) +
            "), found [" + std::to_string(range.begin) + ", " + std::to_string(range.end) + ")");
    }
}

/// Where the partial of such a half of a layer is summed.
Site site_of(const ModelConfig& config, std::int64_t layer, SiteKind half) {
    return config.site(layer, config.design.parallel ? SiteKind::block : half);
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
        : config(checkpoint.config()),
          slice(its_slice),
          kv_groups(kv_groups_of(config, slice)),
          threads(its_threads),
          rotary(config, {config.rope_theta, config.rope_scaling}),
          local_rotary(config,
                       config.local_rope.value_or(Rope{config.rope_theta, config.rope_scaling})) {
        check_range(slice.heads, config.heads, "query heads");
        check_range(slice.ffn_columns, config.ffn_size, "FFN columns");
        for (std::int64_t layer = 0; layer < config.layers; ++layer) {
            layers.push_back(load_layer(checkpoint, slice, layer, copies));
        }
    }

    /// The last projection of a site, less what is foretold of it: `a` is changed by that.
    void finish(const Site& site, std::int64_t position, const Projection& output, Activations h,
                Activations a, gsl::span<float> partial);

    /// The last projection of a site of such a kind, and the slice's columns of it.
    const Projection& output_of(const Site& site) const;
    Range columns_of(SiteKind kind) const;

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
    std::shared_ptr<const SitePredictions> predictions;
    SiteObserver observer;
    InputCoder input_coder;
    PartialObserver uncoded;
};

const Projection& DeviceModel::Weights::output_of(const Site& site) const {
    const LayerWeights& weights = layers.at(static_cast<std::size_t>(site.layer));
    return site.kind == SiteKind::attention ? weights.output : weights.mlp.down;
}

Range DeviceModel::Weights::columns_of(SiteKind kind) const {
    if (kind == SiteKind::mlp) return slice.ffn_columns;
    return {slice.heads.begin * config.head_dim, slice.heads.end * config.head_dim};
}

void DeviceModel::Weights::finish(const Site& site, std::int64_t position, const Projection& output,
                                  Activations h, Activations a, gsl::span<float> partial) {
    const bool can_be_foretold = input_width(config, site) > 0;
    if (predictions && can_be_foretold)
        inference::leave_out((*predictions)[site.index], columns_of(site.kind), position, h, a,
                             threads);
    const auto write_partial = [&] {
        const std::int64_t hidden = config.hidden_size;
        project(output, a, {partial.data(), a.tokens, hidden, hidden}, threads);
        multiply_by(static_cast<float>(config.residual_scale), partial);
    };
    if (input_coder) {
        if (uncoded) {
            write_partial();
            uncoded(partial);
        }
        for (std::int64_t t = 0; t < a.tokens; ++t)
            input_coder(site, a.token(t));
    }
    write_partial();
    if (!observer || !can_be_foretold) return;
    const auto all = [](Activations x) {
        return gsl::span<const float>(x.data, static_cast<std::size_t>(x.tokens * x.size));
    };
    observer({site, position, a.tokens, all(h), all(a), partial});
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
    const Range heads = weights_->slice.heads;
    if (heads.empty() || tokens == 0) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        return;
    }
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
    std::vector<float> mlp(partial.size());
    attention_partial(layer, x, position, cache, partial);
    mlp_partial(layer, x, position, mlp);
    std::transform(mlp.begin(), mlp.end(), partial.begin(), partial.begin(), std::plus<>());
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
    weights_->predictions = std::move(predictions);
}

void DeviceModel::observe(SiteObserver observer) {
    weights_->observer = std::move(observer);
}

void DeviceModel::code_inputs(InputCoder coder, PartialObserver uncoded) {
    if (weights_->config.experts.count > 0) {
        throw std::invalid_argument(
            "inputs of last projections: expected a model without experts, whose projections are "
            "as many as the experts that a token chooses");
    }
    weights_->input_coder = std::move(coder);
    weights_->uncoded = std::move(uncoded);
}

std::vector<float> DeviceModel::output_weights(const Site& site) const {
    if (input_width(weights_->config, site) == 0) {
        throw std::invalid_argument("site " + std::to_string(site.index) +
                                    ": expected one whose partial is a single projection");
    }
    const WeightMatrix& matrix = weights_->output_of(site).weight;
    std::vector<float> values(static_cast<std::size_t>(matrix.rows * matrix.columns));
    for (std::int64_t r = 0; r < matrix.rows; ++r) {
        widen_row(matrix, r,
                  {values.data() + r * matrix.columns, static_cast<std::size_t>(matrix.columns)});
    }
    return values;
}

std::size_t DeviceModel::weight_bytes() const {
    std::size_t bytes = 0;
    for (const LayerWeights& layer : weights_->layers) {
        for (const WeightMatrix& matrix : matrices_of(layer))
            bytes += matrix.bytes();
    }
    return bytes;
}

struct CoordinatorModel::Weights {
    Weights(const Checkpoint& checkpoint, int its_threads)
        : config(checkpoint.config()), threads(its_threads) {
        const TensorNames& names = family_of(config.architecture).names;
        const auto matrix = [&](const char* name) {
            return load_matrix(checkpoint, std::string(name) + ".weight", config.vocabulary_size,
                               config.hidden_size);
        };
        embedding = matrix(names.embedding);
        norm = load_norm(checkpoint, names.final_norm, config.hidden_size);
        head.weight = config.tied_embeddings ? embedding : matrix(names.head);
        if (config.design.head_bias) {
            head.bias =
                load_vector(checkpoint, std::string(names.head) + ".bias", config.vocabulary_size);
        }
    }

    ModelConfig config;
    ThreadPool threads;
    WeightMatrix embedding;  ///< [vocabulary_size, hidden_size]
    Norm norm;               ///< [hidden_size]
    Projection head;         ///< [vocabulary_size, hidden_size]
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
    multiply_by(static_cast<float>(weights_->config.embedding_scale), x);
}

void CoordinatorModel::logits(gsl::span<const float> x, gsl::span<float> logits) const {
    const ModelConfig& config = weights_->config;
    const std::int64_t vocabulary = config.vocabulary_size;
    const std::int64_t tokens =
        count_tokens(x.size(), config.hidden_size, logits.size(), vocabulary);
    Buffer normed(tokens, config.hidden_size);
    apply_norm(config, weights_->norm, x, normed, weights_->threads);
    project(weights_->head, normed, {logits.data(), tokens, vocabulary, vocabulary},
            weights_->threads);
    multiply_by(static_cast<float>(config.logit_scale), logits);
    soft_cap(config.logit_soft_cap, logits);
}

std::size_t CoordinatorModel::weight_bytes() const {
    return weights_->head.weight.bytes();
}

}  // namespace aircomp::inference
