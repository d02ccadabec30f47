// SPDX-License-Identifier: GPL-3.0-or-later
// RotaryEmbedding; angles in double precision, since positions times frequencies are large.
#include "model/rotary_embedding.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::inference {

namespace {

constexpr double two_pi = 6.283185307179586;

/// Llama 3.1: long wavelengths are stretched by `factor`, short ones are kept, those between
/// are interpolated.
double scaled(double frequency, const RopeScaling& scaling) {
    const double turns = static_cast<double>(scaling.original_context) * frequency / two_pi;
    const double kept =
        std::clamp((turns - scaling.low_frequency_factor) /
                       (scaling.high_frequency_factor - scaling.low_frequency_factor),
                   0.0, 1.0);
    return kept * frequency + (1 - kept) * frequency / scaling.factor;
}

}  // namespace

RotaryEmbedding::RotaryEmbedding(const ModelConfig& config)
    : pair_stride_(config.rope_adjacent_pairs ? 2 : 1),
      partner_(config.rope_adjacent_pairs ? 1 : static_cast<std::size_t>(config.head_dim / 2)) {
    for (std::int64_t i = 0; i < config.head_dim; i += 2) {
        const double exponent = static_cast<double>(i) / static_cast<double>(config.head_dim);
        const double frequency = std::pow(config.rope_theta, -exponent);
        frequencies_.push_back(config.rope_scaling ? scaled(frequency, *config.rope_scaling)
                                                   : frequency);
    }
}

void RotaryEmbedding::rotate(Activations x, std::int64_t position) const {
    const std::size_t pairs = frequencies_.size();
    for (std::int64_t t = 0; t < x.tokens; ++t) {
        const gsl::span<float> heads = x.token(t);
        for (std::size_t i = 0; i < pairs; ++i) {
            const double angle = static_cast<double>(position + t) * frequencies_[i];
            const auto cosine = static_cast<float>(std::cos(angle));
            const auto sine = static_cast<float>(std::sin(angle));
            for (std::size_t head = 0; head < heads.size(); head += 2 * pairs) {
                float& a = heads[head + i * pair_stride_];
                float& b = heads[head + i * pair_stride_ + partner_];
                const float turned = a * cosine - b * sine;
                b = b * cosine + a * sine;
                a = turned;
            }
        }
    }
}

}  // namespace aircomp::inference
