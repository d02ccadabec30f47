// SPDX-License-Identifier: GPL-3.0-or-later
// Norms; sums in double precision.
#include "model/norm.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "model/layer_weights.hpp"
#include "weights/row_math.hpp"

namespace aircomp::inference {

namespace {

/// Elements that a thread norms at a time.
constexpr std::int64_t piece_elements = 16 * 1024;

/// y = x / rms(x) * weight.
void rms_norm(const float* in, const Norm& norm, double epsilon, float* out) {
    const std::size_t size = norm.weight.size();
    const double squares = sum_of_squares({in, size});
    const auto scale =
        static_cast<float>(1 / std::sqrt(squares / static_cast<double>(size) + epsilon));
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] * scale * norm.weight[i];
}

/// y = (x - mean(x)) / deviation(x) * weight + bias.
void layer_norm(const float* in, const Norm& norm, double epsilon, float* out) {
    const std::size_t size = norm.weight.size();
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += double{in[i]};
    const double mean = sum / static_cast<double>(size);
    double squares = 0;
    for (std::size_t i = 0; i < size; ++i)
        squares += (double{in[i]} - mean) * (double{in[i]} - mean);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(size) + epsilon);
    for (std::size_t i = 0; i < size; ++i) {
        const auto normed = static_cast<float>((double{in[i]} - mean) * scale);
        out[i] = normed * norm.weight[i] + (norm.bias.empty() ? 0.0f : norm.bias[i]);
    }
}

void apply(const ModelConfig& config, const Norm& norm, const float* in, float* out) {
    if (config.design.norm == NormKind::rms) {
        rms_norm(in, norm, config.rms_norm_epsilon, out);
    } else {
        layer_norm(in, norm, config.rms_norm_epsilon, out);
    }
}

}  // namespace

Norm load_norm(const Checkpoint& checkpoint, const std::string& name, std::int64_t size) {
    Norm norm{load_vector(checkpoint, name + ".weight", size), {}};
    const LayerDesign& design = checkpoint.config().design;
    if (design.norm_offset) {
        for (float& weight : norm.weight)
            weight += 1;
    }
    if (design.norm_bias) norm.bias = load_vector(checkpoint, name + ".bias", size);
    return norm;
}

void apply_norm(const ModelConfig& config, const Norm& norm, gsl::span<const float> x,
                Activations y, ThreadPool& threads) {
    const auto norm_tokens = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
            const float* in = x.data() + t * y.size;
            const auto out = y.token(t);
            if (norm.weight.empty()) {
                std::copy(in, in + y.size, out.begin());
            } else {
                apply(config, norm, in, out.data());
            }
        }
    };
    threads.for_each_piece(y.tokens, std::max<std::int64_t>(1, piece_elements / y.size),
                           norm_tokens);
}

void norm_parts(const ModelConfig& config, const Norm& norm, Activations x) {
    if (norm.weight.empty()) return;
    for (std::int64_t t = 0; t < x.tokens; ++t) {
        const auto token = x.token(t);
        for (std::size_t at = 0; at < token.size(); at += norm.weight.size())
            apply(config, norm, token.data() + at, token.data() + at);
    }
}

}  // namespace aircomp::inference
