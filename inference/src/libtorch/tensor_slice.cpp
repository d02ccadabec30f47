// SPDX-License-Identifier: GPL-3.0-or-later
// Weights to tensors, and the half-steps of attention and MLP.
#include "libtorch/tensor_slice.hpp"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>

#include "libtorch/threads.hpp"
#include "libtorch/types.hpp"
#include "model/half_steps.hpp"

namespace aircomp::inference {
namespace {

/// Weights that are widened on their way to the device at a time.
constexpr std::int64_t piece_elements = std::int64_t{1} << 20;

/// Float32 values that outlive the tensor, which is only read.
at::Tensor view_of(gsl::span<const float> values, at::IntArrayRef shape) {
    return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}

Activations activations_of(const at::Tensor& x) {
    return {x.data_ptr<float>(), x.size(0), x.size(1), x.size(1)};
}

/// The same values in memory of our own that hooks may change.
at::Tensor host_copy(const at::Tensor& x) {
    return x
        .to(at::TensorOptions(at::kCPU).dtype(at::kFloat), /*non_blocking=*/false,
            /*copy=*/true)
        .contiguous();
}

}  // namespace

TensorSlice::TensorSlice(const Compute& compute, const TorchContext& context)
    : compute_(compute), context_(context), options_(torch_options(compute).dtype(at::kFloat)) {}

// ---- weights ----

at::Tensor TensorSlice::upload(const WeightMatrix& matrix, at::ScalarType type) {
    at::Tensor result = at::empty({matrix.rows, matrix.columns}, options_.dtype(type));
    weight_bytes_ += result.nbytes();
    if (result.numel() == 0) return result;
    const std::int64_t rows = std::max<std::int64_t>(1, piece_elements / matrix.columns);
    const auto columns = static_cast<std::size_t>(matrix.columns);
    std::vector<float> piece(static_cast<std::size_t>(std::min(rows, matrix.rows)) * columns);
    for (std::int64_t begin = 0; begin < matrix.rows; begin += rows) {
        const std::int64_t count = std::min(rows, matrix.rows - begin);
        for (std::int64_t r = 0; r < count; ++r)
            widen_row(matrix, begin + r, {piece.data() + r * matrix.columns, columns});
        result.narrow(0, begin, count).copy_(view_of(piece, {count, matrix.columns}));
    }
    return result;
}

at::Tensor TensorSlice::upload(gsl::span<const float> values) const {
    if (values.empty()) return {};
    const auto size = static_cast<std::int64_t>(values.size());
    return view_of(values, {size}).to(options_, /*non_blocking=*/false, /*copy=*/true);
}

TorchNorm TensorSlice::upload(const Norm& norm) const {
    return {upload(norm.weight), upload(norm.bias)};
}

TorchProjection TensorSlice::upload(const Projection& projection) {
    return {upload(projection.weight, torch_type(compute_.dtype)), upload(projection.bias)};
}

TensorSlice::OneMlp TensorSlice::upload(const Mlp& mlp) {
    return {upload(mlp.gate), upload(mlp.up), upload(mlp.down)};
}

void TensorSlice::add_layer(const LayerWeights& weights) {
    const c10::InferenceMode no_gradients;
    Layer& layer = layers_.emplace_back();
    layer.attention_norm = upload(weights.attention_norm);
    layer.query_norm = upload(weights.query_norm);
    layer.key_norm = upload(weights.key_norm);
    layer.mlp_norm = upload(weights.mlp_norm);
    layer.query = upload(weights.query);
    layer.key = upload(weights.key);
    layer.value = upload(weights.value);
    layer.output = upload(weights.output);
    layer.mlp = upload(weights.mlp);
    for (const Mlp& expert : weights.experts)
        layer.experts.push_back(upload(expert));
    layer.router = upload(weights.router, at::kFloat);
    layer.shared_gate = upload(weights.shared_gate, at::kFloat);
}

std::size_t TensorSlice::weight_bytes() const {
    return weight_bytes_;
}

std::vector<float> TensorSlice::output_weights(const Site& site) const {
    const Layer& layer = layer_of(site.layer);
    const at::Tensor values =
        host_copy((site.kind == SiteKind::attention ? layer.output : layer.mlp.down).weight);
    const float* const data = values.data_ptr<float>();
    return {data, data + values.numel()};
}

const TensorSlice::Layer& TensorSlice::layer_of(std::int64_t layer) const {
    return layers_.at(static_cast<std::size_t>(layer));
}

// ---- half-steps ----

at::Tensor TensorSlice::stream(gsl::span<const float> x) const {
    const std::int64_t hidden = context_.config.hidden_size;
    return view_of(x, {static_cast<std::int64_t>(x.size()) / hidden, hidden}).to(options_);
}

std::shared_ptr<TorchCache> TensorSlice::make_cache(std::int64_t capacity) const {
    const c10::InferenceMode no_gradients;
    return std::make_shared<TensorCache>(context_.config, context_.slice, capacity,
                                         options_.device(), context_.rotary, context_.local_rotary);
}

void TensorSlice::partial(SiteKind kind, std::int64_t layer, gsl::span<const float> x,
                          std::int64_t position, TorchCache* cache, gsl::span<float> partial) {
    const c10::InferenceMode no_gradients;
    set_torch_threads(context_.threads);
    const at::Tensor on_device = stream(x);
    at::Tensor sum = at::zeros_like(on_device);
    if (kind != SiteKind::mlp && !context_.slice.heads.empty())
        sum += attention(layer, on_device, position, static_cast<TensorCache&>(*cache));
    if (kind != SiteKind::attention && !context_.slice.ffn_columns.empty())
        sum += mlp(layer, on_device, position);
    at::from_blob(partial.data(), sum.sizes(), at::kFloat).copy_(sum);
}

at::Tensor TensorSlice::attention(std::int64_t layer, const at::Tensor& x, std::int64_t position,
                                  TensorCache& cache) {
    const ModelConfig& config = context_.config;
    const Layer& weights = layer_of(layer);
    const Range heads = context_.slice.heads, groups = kv_groups_of(config, context_.slice);
    const std::int64_t tokens = x.size(0), end = position + tokens;
    cache.hold(end);

    const at::Tensor h = torch_norm(config, weights.attention_norm, x);
    // Where all heads are normed together, those of other devices are computed as well.
    const bool whole = config.design.qk_norm == QkNorm::whole;
    const auto heads_of = [&](const at::Tensor& all, Range own) {
        return all.view({tokens, -1, config.head_dim}).narrow(1, whole ? own.begin : 0, own.size());
    };
    at::Tensor queries =
        heads_of(torch_norm(config, weights.query_norm, torch_project(weights.query, h)), heads);
    at::Tensor keys =
        heads_of(torch_norm(config, weights.key_norm, torch_project(weights.key, h)), groups);
    const bool local = config.is_local(layer);
    if (config.rotates(layer)) {
        const TorchTurns turns = cache.turns(local, position, tokens);
        queries = torch_rotated(config, queries, turns);
        keys = torch_rotated(config, keys, turns);
    }
    cache.write(layer, position, keys,
                torch_project(weights.value, h).view({tokens, -1, config.head_dim}));

    const Scoring scoring = scoring_of(config, local);
    const Range seen{std::max<std::int64_t>(0, position + 1 - scoring.window), end};
    const std::int64_t per_group = config.heads_per_group();
    const GroupedHeads grouped{groups.size(), heads.begin - groups.begin * per_group,
                               groups.end * per_group - heads.end};
    const at::Tensor a = torch_attend(queries, grouped, cache.keys_of(layer, seen),
                                      cache.values_of(layer, seen), position - seen.begin, scoring);
    return finish(site_of(config, layer, SiteKind::attention), position, weights.output, h, a);
}

at::Tensor TensorSlice::mlp(std::int64_t layer, const at::Tensor& x, std::int64_t position) const {
    const ModelConfig& config = context_.config;
    const Layer& weights = layer_of(layer);
    const at::Tensor h = torch_norm(config, weights.mlp_norm, x);
    if (config.has_experts(layer)) return experts(weights, h) * config.residual_scale;
    return finish(site_of(config, layer, SiteKind::mlp), position, weights.mlp.down, h,
                  inside(weights.mlp, h));
}

at::Tensor TensorSlice::inside(const OneMlp& mlp, const at::Tensor& x) const {
    const LayerDesign& design = context_.config.design;
    const at::Tensor up = torch_project(mlp.up, x);
    if (!design.gated) return torch_activated(design.activation, up);
    return torch_activated(design.activation, torch_project(mlp.gate, x)) * up;
}

// ---- experts ----

at::Tensor TensorSlice::experts(const Layer& weights, const at::Tensor& x) const {
    const Experts& experts = context_.config.experts;
    auto [share, chosen] =
        at::softmax(at::linear(x, weights.router), -1).topk(experts.chosen, /*dim=*/-1);
    if (experts.normalised) share = share / share.sum(-1, /*keepdim=*/true);
    share = share.flatten();
    // Which experts have work has to be known here.
    const at::Tensor places = chosen.to(at::kCPU).flatten();
    at::Tensor sum = at::zeros_like(x);
    for (std::size_t e = 0; e < weights.experts.size(); ++e) {
        const at::Tensor own =
            (places == static_cast<std::int64_t>(e)).nonzero().flatten().to(x.device());
        if (own.numel() == 0) continue;
        const at::Tensor tokens = own.div(experts.chosen, "floor");
        const OneMlp& mlp = weights.experts[e];
        const at::Tensor out = torch_project(mlp.down, inside(mlp, x.index_select(0, tokens)));
        sum.index_add_(0, tokens, out * share.index_select(0, own).unsqueeze(1));
    }
    if (experts.shared_size == 0) return sum;
    const at::Tensor shared = torch_project(weights.mlp.down, inside(weights.mlp, x));
    return sum + shared * at::sigmoid(at::linear(x, weights.shared_gate));
}

// ---- the last projection ----

at::Tensor TensorSlice::finish(const Site& site, std::int64_t position,
                               const TorchProjection& output, const at::Tensor& h,
                               const at::Tensor& a) const {
    const at::Tensor rest = less_foretold(site, position, h, a);
    if (context_.hooks.see_inputs()) return finish_on_host(site, position, output, h, rest);
    return torch_project(output, rest) * context_.config.residual_scale;
}

at::Tensor TensorSlice::finish_on_host(const Site& site, std::int64_t position,
                                       const TorchProjection& output, const at::Tensor& h,
                                       const at::Tensor& a) const {
    const ModelConfig& config = context_.config;
    const at::Tensor host_h = host_copy(h), host_a = host_copy(a);
    const at::Tensor partial = at::empty_like(host_h);
    const auto write = [&] {
        partial.copy_(torch_project(output, host_a.to(options_)) * config.residual_scale);
    };
    const gsl::span<const float> values(partial.data_ptr<float>(),
                                        static_cast<std::size_t>(partial.numel()));
    context_.hooks.finish(site, input_width(config, site) > 0, position, activations_of(host_h),
                          activations_of(host_a), values, write);
    return partial.to(options_);
}

void TensorSlice::leave_out(const SitePredictions& predictions) {
    const c10::InferenceMode no_gradients;
    const ModelConfig& config = context_.config;
    predictions_.clear();
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        const SitePrediction& whole = predictions[static_cast<std::size_t>(index)];
        Prediction& own = predictions_.emplace_back();
        const Site site = config.site(index);
        if (input_width(config, site) == 0) continue;
        const Range columns = columns_of(config, context_.slice, site.kind);
        const auto begin = static_cast<std::size_t>(columns.begin);
        const auto size = static_cast<std::size_t>(columns.size());
        const auto rank = static_cast<std::size_t>(whole.rank);
        if (!whole.first.empty())
            own.first = upload(gsl::span<const float>(whole.first).subspan(begin, size));
        if (whole.right.empty() || size == 0) continue;
        own.right = upload(whole.right).view({whole.rank, config.hidden_size});
        own.left = upload(gsl::span<const float>(whole.left).subspan(begin * rank, size * rank))
                       .view({columns.size(), whole.rank});
    }
}

/// Equation (20), as leave_out() of prediction.hpp.
at::Tensor TensorSlice::less_foretold(const Site& site, std::int64_t position, const at::Tensor& h,
                                      const at::Tensor& a) const {
    if (predictions_.empty()) return a;
    const Prediction& prediction = predictions_.at(site.index);
    at::Tensor foretold = at::zeros_like(a);
    if (prediction.right.defined())
        foretold += at::linear(at::linear(h, prediction.right), prediction.left);
    if (position == 0) {
        foretold[0].zero_();
        if (prediction.first.defined()) foretold[0] += prediction.first;
    }
    return a - foretold;
}

}  // namespace aircomp::inference
