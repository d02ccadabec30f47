// SPDX-License-Identifier: GPL-3.0-or-later
#include "libtorch/steps.hpp"

#include <limits>

namespace aircomp::inference {
namespace {

at::Tensor product(const at::Tensor& weight, const at::Tensor& x) {
    // One token: OpenBLAS reads a matrix at twice the speed where it knows that x is a vector. In
    // bfloat16, mv() of libtorch 1.13 is wrong without AVX-512, and linear() is right.
    if (weight.scalar_type() == at::kFloat && x.size(0) == 1)
        return at::mv(weight, x[0]).unsqueeze(0);
    return at::linear(x.to(weight.scalar_type()), weight).to(at::kFloat);
}

/// Scores of positions that a token does not see become -infinity. `scores` is [..., tokens,
/// positions].
void hide(at::Tensor& scores, std::int64_t position, std::int64_t window) {
    const std::int64_t tokens = scores.size(-2);
    if (tokens == 1) return;  // who asks leaves out what the only token does not see
    const auto options = at::TensorOptions(scores.device()).dtype(at::kLong);
    const at::Tensor seen_from = at::arange(scores.size(-1), options);
    const at::Tensor own = at::arange(position, position + tokens, options).unsqueeze(1);
    const at::Tensor hidden = (seen_from > own).logical_or(seen_from <= own - window);
    scores.masked_fill_(hidden, -std::numeric_limits<float>::infinity());
}

}  // namespace

at::Tensor torch_norm(const ModelConfig& config, const TorchNorm& norm, const at::Tensor& x) {
    if (!norm.weight.defined()) return x;
    const std::int64_t size = norm.weight.size(0);
    const at::Tensor parts = x.reshape({-1, size});
    const double epsilon = config.rms_norm_epsilon;
    if (config.design.norm == NormKind::layer)
        return at::layer_norm(parts, {size}, norm.weight, norm.bias, epsilon).view_as(x);
    const at::Tensor scale = parts.square().mean(1, /*keepdim=*/true).add_(epsilon).rsqrt_();
    return parts.mul(scale).mul_(norm.weight).view_as(x);
}

at::Tensor torch_project(const TorchProjection& projection, const at::Tensor& x) {
    const at::Tensor y = product(projection.weight, x);
    return projection.bias.defined() ? y.add(projection.bias) : y;
}

at::Tensor torch_activated(Activation activation, const at::Tensor& x) {
    switch (activation) {
        case Activation::silu:
            return at::silu(x);
        case Activation::gelu:
            return at::gelu(x);
        case Activation::gelu_tanh:
            return at::gelu(x, "tanh");
    }
    return x;
}

at::Tensor torch_rotated(const ModelConfig& config, const at::Tensor& x, const TorchTurns& turns) {
    const std::int64_t pairs = turns.cosines.size(1);
    const bool adjacent = config.rope_adjacent_pairs;
    const std::int64_t step = adjacent ? 2 : 1, partner = adjacent ? 1 : pairs;
    at::Tensor turned = x.clone();
    const auto elements = [&](const at::Tensor& of, std::int64_t first) {
        return of.slice(2, first, first + (pairs - 1) * step + 1, step);
    };
    const at::Tensor a = elements(x, 0), b = elements(x, partner);
    const at::Tensor cosines = turns.cosines.unsqueeze(1), sines = turns.sines.unsqueeze(1);
    elements(turned, 0).copy_(a * cosines - b * sines);
    elements(turned, partner).copy_(b * cosines + a * sines);
    return turned;
}

at::Tensor torch_attend(const at::Tensor& queries, const GroupedHeads& heads,
                        const at::Tensor& keys, const at::Tensor& values, std::int64_t position,
                        const Scoring& scoring) {
    const std::int64_t tokens = queries.size(0), count = queries.size(1), width = queries.size(2);
    const std::int64_t positions = keys.size(1);
    // Whole groups: heads that the slice lacks are zeros, so that all groups are one product.
    const at::Tensor whole =
        at::constant_pad_nd(queries.transpose(0, 1), {0, 0, 0, 0, heads.before, heads.after}, 0);
    const std::int64_t all = whole.size(0);
    at::Tensor scores =
        at::bmm(whole.reshape({heads.groups, -1, width}), keys.transpose(1, 2)).mul_(scoring.scale);
    if (scoring.soft_cap != 0) scores.div_(scoring.soft_cap).tanh_().mul_(scoring.soft_cap);
    scores = scores.view({all, tokens, positions});
    hide(scores, position, scoring.window);
    const at::Tensor weights = at::softmax(scores, -1).view({heads.groups, -1, positions});
    return at::bmm(weights, values)
        .view({all, tokens, width})
        .narrow(0, heads.before, count)
        .transpose(0, 1)
        .reshape({tokens, count * width});
}

}  // namespace aircomp::inference
