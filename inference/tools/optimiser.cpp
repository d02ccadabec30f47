// SPDX-License-Identifier: GPL-3.0-or-later
// Muon and AdamW, one parameter at a time.
#include "optimiser.hpp"

namespace aircomp::inference::tools {
namespace {

using torch::Tensor;

/// Five Newton-Schulz steps towards U V^T of the singular value decomposition of `matrix`; the
/// coefficients trade exactness (singular values land in 0.7..1.2) for speed.
Tensor orthogonalise(const Tensor& matrix) {
    constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
    const bool tall = matrix.size(0) > matrix.size(1);
    Tensor x = tall ? matrix.t().contiguous() : matrix;
    x = x / (x.norm() + 1e-7);
    for (int i = 0; i < 5; ++i) {
        const Tensor gram = torch::mm(x, x.t());
        const Tensor polynomial = torch::addmm(gram, gram, gram, b, c);
        x = torch::addmm(x, polynomial, x, a, 1);
    }
    return tall ? x.t() : x;
}

bool is_layer_matrix(const std::string& name, const Tensor& value) {
    return value.dim() == 2 && name.find(".layers.") != std::string::npos;
}

}  // namespace

Optimiser::Optimiser(const std::vector<std::pair<std::string, Tensor>>& parameters,
                     const Rates& rates)
    : rates_(rates) {
    for (const auto& [name, value] : parameters) {
        const Tensor data = value.detach();
        const bool muon = is_layer_matrix(name, data);
        states_.push_back(
            {name, data, muon, torch::zeros_like(data), muon ? Tensor() : torch::zeros_like(data)});
    }
}

void Optimiser::step(std::size_t parameter, const Tensor& gradient, double factor,
                     std::int64_t step_number) {
    State& state = states_.at(parameter);
    if (state.muon) {
        muon_step(state, gradient, factor * rates_.muon);
    } else {
        adam_step(state, gradient, factor * rates_.adam, step_number);
    }
}

void Optimiser::muon_step(State& state, const Tensor& gradient, double rate) const {
    constexpr double momentum = 0.95;
    state.first_moment.mul_(momentum).add_(gradient, 1 - momentum);
    const Tensor direction = orthogonalise(gradient.lerp(state.first_moment, momentum));
    const double aspect = static_cast<double>(direction.size(0)) / direction.size(1);
    state.value.mul_(1 - rate * rates_.weight_decay);
    state.value.add_(direction, -rate * std::sqrt(std::max(1.0, aspect)));
}

void Optimiser::adam_step(State& state, const Tensor& gradient, double rate,
                          std::int64_t step_number) const {
    constexpr double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-10;
    state.first_moment.mul_(beta1).add_(gradient, 1 - beta1);
    state.second_moment.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const auto exponent = static_cast<double>(step_number + 1);
    const Tensor mean = state.first_moment / (1 - std::pow(beta1, exponent));
    const Tensor spread = (state.second_moment / (1 - std::pow(beta2, exponent))).sqrt_();
    // Norms are not pulled towards zero: their rest value is one.
    if (state.value.dim() == 2) state.value.mul_(1 - rate * rates_.weight_decay);
    state.value.addcdiv_(mean, spread.add_(epsilon), -rate);
}

void Optimiser::save(torch::serialize::OutputArchive& archive) const {
    for (const State& state : states_) {
        archive.write(state.name + ":value", state.value);
        archive.write(state.name + ":first", state.first_moment);
        if (!state.muon) archive.write(state.name + ":second", state.second_moment);
    }
}

void Optimiser::load(torch::serialize::InputArchive& archive) {
    for (State& state : states_) {
        Tensor value, first, second;
        archive.read(state.name + ":value", value);
        archive.read(state.name + ":first", first);
        state.value.copy_(value);
        state.first_moment.copy_(first);
        if (state.muon) continue;
        archive.read(state.name + ":second", second);
        state.second_moment.copy_(second);
    }
}

}  // namespace aircomp::inference::tools
