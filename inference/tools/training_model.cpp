// SPDX-License-Identifier: GPL-3.0-or-later
// Forward pass and loss of the trainer's Llama decoder. Matrix products run in bfloat16 where the
// processor does that right (twice the speed of float32), everything else in float32.
#include "training_model.hpp"

namespace aircomp::inference::tools {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// libtorch's bfloat16 products accumulate in bfloat16 on processors without AVX-512.
bool bfloat16_accumulates() {
    static const bool right = [] {
        const auto ones = torch::ones({1, 1024}, torch::kBFloat16);
        return torch::mm(ones, ones.t()).item<float>() == 1024.0F;
    }();
    return right;
}

Tensor narrow(const Tensor& x) {
    return bfloat16_accumulates() ? x.to(torch::kBFloat16) : x;
}

/// y = x W^T in the narrow type, forward and backward; x [rows, in], W [out, in].
struct Linear : torch::autograd::Function<Linear> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight) {
        const Tensor x_narrow = narrow(x);
        const Tensor weight_narrow = narrow(weight);
        context->save_for_backward({x_narrow, weight_narrow});
        return torch::mm(x_narrow, weight_narrow.t()).to(torch::kFloat);
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor gradient = narrow(gradients[0]);
        return {torch::mm(gradient, saved[1]).to(torch::kFloat),
                torch::mm(gradient.t(), saved[0]).to(torch::kFloat)};
    }
};

/// RMSNorm as one node, so that backward needs a few passes over x instead of a dozen.
struct RmsNorm : torch::autograd::Function<RmsNorm> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                          double epsilon) {
        const Tensor scale =
            torch::rsqrt(torch::square(x).mean(-1, /*keepdim=*/true).add_(epsilon));
        const Tensor normalised = x * scale;
        context->save_for_backward({normalised, scale, weight});
        return normalised * weight;
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor& normalised = saved[0];
        const Tensor through = gradients[0] * saved[2];
        const Tensor along = (through * normalised).mean(-1, /*keepdim=*/true);
        return {(through - normalised * along).mul_(saved[1]), (gradients[0] * normalised).sum(0),
                Tensor()};
    }
};

/// Causal attention; q, k, v [heads, T, head_dim]. Queries go in blocks, each against the keys
/// that it may see: nothing is computed above the block diagonal.
struct CausalAttention : torch::autograd::Function<CausalAttention> {
    static constexpr std::int64_t block = 64;

    static Tensor forward(AutogradContext* context, const Tensor& queries, const Tensor& keys,
                          const Tensor& values) {
        const Tensor q = narrow(queries), k = narrow(keys), v = narrow(values);
        const double scale = 1 / std::sqrt(static_cast<double>(q.size(2)));
        const Tensor mask = torch::full({block, block}, -INFINITY).triu_(1);
        Tensor out = torch::empty_like(queries);
        variable_list saved = {q, k, v};
        for (std::int64_t begin = 0; begin < q.size(1); begin += block) {
            const std::int64_t end = std::min(begin + block, q.size(1));
            Tensor scores = torch::bmm(q.slice(1, begin, end), k.slice(1, 0, end).transpose(1, 2))
                                .to(torch::kFloat)
                                .mul_(scale);
            scores.slice(2, begin, end)
                .add_(mask.slice(0, 0, end - begin).slice(1, 0, end - begin));
            const Tensor weights = narrow(torch::softmax(scores, -1));
            out.slice(1, begin, end).copy_(torch::bmm(weights, v.slice(1, 0, end)));
            saved.push_back(weights);
        }
        context->save_for_backward(saved);
        return out;
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor &q = saved[0], &k = saved[1], &v = saved[2];
        const double scale = 1 / std::sqrt(static_cast<double>(q.size(2)));
        Tensor dq = torch::empty(q.sizes()), dk = torch::zeros(k.sizes()), dv = dk.clone();
        std::size_t next = 3;
        for (std::int64_t begin = 0; begin < q.size(1); begin += block) {
            const std::int64_t end = std::min(begin + block, q.size(1));
            const Tensor& weights = saved[next++];
            const Tensor gradient = narrow(gradients[0].slice(1, begin, end));
            dv.slice(1, 0, end).add_(torch::bmm(weights.transpose(1, 2), gradient));
            Tensor through =
                torch::bmm(gradient, v.slice(1, 0, end).transpose(1, 2)).to(torch::kFloat);
            const Tensor wide = weights.to(torch::kFloat);
            const Tensor along = (through * wide).sum(-1, /*keepdim=*/true);
            through = narrow(through.sub_(along).mul_(wide).mul_(scale));
            dq.slice(1, begin, end).copy_(torch::bmm(through, k.slice(1, 0, end)));
            dk.slice(1, 0, end).add_(torch::bmm(through.transpose(1, 2), q.slice(1, begin, end)));
        }
        return {dq, dk, dv};
    }
};

/// Half-rotation RoPE as Hugging Face lays it out; x [windows, T, heads, head_dim].
Tensor rotate(const Tensor& x, const Tensor& cosines, const Tensor& sines) {
    const auto halves = x.chunk(2, -1);
    return x * cosines + torch::cat({-halves[1], halves[0]}, -1) * sines;
}

std::string layer_name(std::int64_t layer) {
    return "model.layers." + std::to_string(layer) + ".";
}

}  // namespace

TrainingModel::TrainingModel(const ModelConfig& config, std::uint64_t seed) : config_(config) {
    torch::manual_seed(seed);
    const auto add = [&](const std::string& name, const Tensor& value) {
        parameters_.emplace_back(name, value.set_requires_grad(true));
    };
    const auto matrix = [](std::int64_t rows, std::int64_t columns) {
        return torch::randn({rows, columns}) / std::sqrt(static_cast<double>(columns));
    };
    const std::int64_t d = config.hidden_size;
    const std::int64_t q_rows = config.heads * config.head_dim;
    const std::int64_t kv_rows = config.kv_heads * config.head_dim;
    add("model.embed_tokens.weight", 0.02 * torch::randn({config.vocabulary_size, d}));
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
        const std::string name = layer_name(layer);
        add(name + "input_layernorm.weight", torch::ones({d}));
        add(name + "self_attn.q_proj.weight", matrix(q_rows, d));
        add(name + "self_attn.k_proj.weight", matrix(kv_rows, d));
        add(name + "self_attn.v_proj.weight", matrix(kv_rows, d));
        // What writes to the residual stream starts at zero: every layer begins as the identity.
        add(name + "self_attn.o_proj.weight", torch::zeros({d, q_rows}));
        add(name + "post_attention_layernorm.weight", torch::ones({d}));
        add(name + "mlp.gate_proj.weight", matrix(config.ffn_size, d));
        add(name + "mlp.up_proj.weight", matrix(config.ffn_size, d));
        add(name + "mlp.down_proj.weight", torch::zeros({d, config.ffn_size}));
    }
    add("model.norm.weight", torch::ones({d}));

    const Tensor half = torch::arange(config.head_dim / 2, torch::kDouble);
    const Tensor frequencies = torch::pow(config.rope_theta, half * (-2.0 / config.head_dim));
    const Tensor angles =
        torch::outer(torch::arange(config.context, torch::kDouble), frequencies).repeat({1, 2});
    cosines_ = angles.cos().to(torch::kFloat);
    sines_ = angles.sin().to(torch::kFloat);
}

TrainingModel TrainingModel::replica() const {
    TrainingModel copy;
    copy.config_ = config_;
    copy.cosines_ = cosines_;
    copy.sines_ = sines_;
    for (const auto& [name, value] : parameters_) {
        copy.parameters_.emplace_back(name, value.detach().set_requires_grad(true));
    }
    return copy;
}

Tensor TrainingModel::parameter(const std::string& name) const {
    for (const auto& [known, value] : parameters_) {
        if (known == name) return value;
    }
    throw std::out_of_range("the model has no parameter " + name);
}

Tensor TrainingModel::attention(const std::string& layer, const Tensor& x,
                                std::int64_t windows) const {
    const std::int64_t length = x.size(0) / windows;
    const auto project = [&](const char* name, std::int64_t heads) {
        return Linear::apply(x, parameter(layer + "self_attn." + name + "_proj.weight"))
            .view({windows, length, heads, config_.head_dim});
    };
    const Tensor cosines = cosines_.slice(0, 0, length).unsqueeze(1);
    const Tensor sines = sines_.slice(0, 0, length).unsqueeze(1);
    const auto by_head = [&](const Tensor& t, std::int64_t repeats) {
        const Tensor heads_first = t.transpose(1, 2);  // [windows, heads, T, head_dim]
        const Tensor shared =
            repeats == 1 ? heads_first : heads_first.repeat_interleave(repeats, 1);
        return shared.reshape({-1, length, config_.head_dim});
    };
    const std::int64_t repeats = config_.heads_per_group();
    const Tensor q = by_head(rotate(project("q", config_.heads), cosines, sines), 1);
    const Tensor k = by_head(rotate(project("k", config_.kv_heads), cosines, sines), repeats);
    const Tensor v = by_head(project("v", config_.kv_heads), repeats);
    const Tensor mixed = CausalAttention::apply(q, k, v)
                             .view({windows, config_.heads, length, config_.head_dim})
                             .transpose(1, 2)
                             .reshape({windows * length, -1});
    return Linear::apply(mixed, parameter(layer + "self_attn.o_proj.weight"));
}

Tensor TrainingModel::mlp(const std::string& layer, const Tensor& x) const {
    const Tensor gate = Linear::apply(x, parameter(layer + "mlp.gate_proj.weight"));
    const Tensor up = Linear::apply(x, parameter(layer + "mlp.up_proj.weight"));
    return Linear::apply(torch::silu(gate) * up, parameter(layer + "mlp.down_proj.weight"));
}

Tensor TrainingModel::loss(const Tensor& inputs, const Tensor& targets) const {
    const Tensor embedding = parameter("model.embed_tokens.weight");
    const double epsilon = config_.rms_norm_epsilon;
    Tensor x = torch::embedding(embedding, inputs.reshape({-1}));
    for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
        const std::string name = layer_name(layer);
        x = x + attention(name,
                          RmsNorm::apply(x, parameter(name + "input_layernorm.weight"), epsilon),
                          inputs.size(0));
        x = x + mlp(name, RmsNorm::apply(x, parameter(name + "post_attention_layernorm.weight"),
                                         epsilon));
    }
    x = RmsNorm::apply(x, parameter("model.norm.weight"), epsilon);
    return torch::nll_loss(torch::log_softmax(Linear::apply(x, embedding), -1),
                           targets.reshape({-1}));
}

}  // namespace aircomp::inference::tools
