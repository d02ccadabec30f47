// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "weights/row_math.hpp"

namespace aircomp::inference {

namespace {

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
        softmax(weights, 1);
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

}  // namespace

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

}  // namespace aircomp::inference
