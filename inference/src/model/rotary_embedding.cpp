// SPDX-License-Identifier: GPL-3.0-or-later
// RotaryEmbedding; angles in double precision, since positions times frequencies are large.
#include "model/rotary_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace aircomp::inference {

namespace {

constexpr double two_pi = 6.283185307179586;

/// Llama 3.1: long wavelengths are stretched by `factor`, short ones are kept, those between
/// are interpolated.
double scaled_llama3(double frequency, const RopeScaling& scaling) {
    const double turns = static_cast<double>(scaling.original_context) * frequency / two_pi;
    const double kept =
        std::clamp((turns - scaling.low_frequency_factor) /
                       (scaling.high_frequency_factor - scaling.low_frequency_factor),
                   0.0, 1.0);
    return kept * frequency + (1 - kept) * frequency / scaling.factor;
}

/// YaRN (arXiv 2309.00071): pairs that turn more than beta_fast times in the original context are
/// kept, those that turn less than beta_slow times are stretched, between them lies a ramp over the
/// pairs' indices.
double scaled_yarn(double frequency, std::size_t pair, const Rope& rope, double elements) {
    const RopeScaling& scaling = *rope.scaling;
    const auto pair_of_turns = [&](double turns) {
        const double positions = static_cast<double>(scaling.original_context) / (turns * two_pi);
        return elements * std::log(positions) / (2 * std::log(rope.theta));
    };
    double low = pair_of_turns(scaling.beta_fast);
    double high = pair_of_turns(scaling.beta_slow);
    if (scaling.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, elements - 1);
    if (low == high) high += 0.001;  // a step
    const double stretched = std::clamp((static_cast<double>(pair) - low) / (high - low), 0.0, 1.0);
    return frequency / scaling.factor * stretched + frequency * (1 - stretched);
}

double scaled(double frequency, std::size_t pair, const Rope& rope, double elements) {
    if (!rope.scaling) return frequency;
    switch (rope.scaling->type) {
        case RopeType::linear:
            return frequency / rope.scaling->factor;
        case RopeType::llama3:
            return scaled_llama3(frequency, *rope.scaling);
        case RopeType::yarn:
            return scaled_yarn(frequency, pair, rope, elements);
        case RopeType::longrope:
            return frequency / rope.scaling->short_factors.at(pair);
    }
    return frequency;
}

std::int64_t elements_of(const ModelConfig& config) {
    return config.rotated_elements > 0 ? config.rotated_elements : config.head_dim;
}

}  // namespace

RotaryEmbedding::RotaryEmbedding(const ModelConfig& config, const Rope& rope)
    : head_dim_(static_cast<std::size_t>(config.head_dim)),
      pair_stride_(config.rope_adjacent_pairs ? 2 : 1),
      partner_(config.rope_adjacent_pairs ? 1 : static_cast<std::size_t>(elements_of(config) / 2)) {
    const auto elements = static_cast<double>(elements_of(config));
    for (std::int64_t i = 0; i < elements_of(config); i += 2) {
        const double exponent = static_cast<double>(i) / elements;
        const double frequency = std::pow(rope.theta, -exponent);
        const std::size_t pair = frequencies_.size();
        frequencies_.push_back(scaled(frequency, pair, rope, elements));
        if (rope.scaling && rope.scaling->type == RopeType::longrope)
            long_frequencies_.push_back(frequency / rope.scaling->long_factors.at(pair));
    }
    if (!rope.scaling) return;
    magnitude_ = rope.scaling->attention_factor;
    original_context_ = rope.scaling->original_context;
}

RotaryEmbedding::Turns RotaryEmbedding::turns(Range positions, std::int64_t context) const {
    const bool is_long = !long_frequencies_.empty() && context > original_context_;
    Turns turns;
    for (std::int64_t position = positions.begin; position < positions.end; ++position) {
        for (const double frequency : is_long ? long_frequencies_ : frequencies_) {
            const double angle = static_cast<double>(position) * frequency;
            turns.cosines.push_back(static_cast<float>(std::cos(angle) * magnitude_));
            turns.sines.push_back(static_cast<float>(std::sin(angle) * magnitude_));
        }
    }
    return turns;
}

void RotaryEmbedding::rotate(Activations x, std::int64_t position, std::int64_t context) const {
    const Turns turns = this->turns({position, position + x.tokens}, context);
    std::size_t turn = 0;
    for (std::int64_t t = 0; t < x.tokens; ++t) {
        const gsl::span<float> heads = x.token(t);
        for (std::size_t i = 0; i < frequencies_.size(); ++i, ++turn) {
            const float cosine = turns.cosines[turn], sine = turns.sines[turn];
            for (std::size_t head = 0; head < heads.size(); head += head_dim_) {
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
