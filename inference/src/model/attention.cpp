// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "model/steps.hpp"
#include "weights/row_math.hpp"

namespace aircomp::inference {

namespace {

/// Softmax over the scores `seen`, each times `scale`; the others become 0.
void masked_softmax(gsl::span<float> scores, Range seen, float scale) {
    const auto begin = static_cast<std::size_t>(seen.begin);
    const auto end = static_cast<std::size_t>(seen.end);
    softmax(scores.subspan(begin, end - begin), scale);
    std::fill(scores.begin(), scores.begin() + seen.begin, 0.0f);
    std::fill(scores.begin() + seen.end, scores.end(), 0.0f);
}

}  // namespace

Scoring scoring_of(const ModelConfig& config, bool local) {
    const float scale = config.attention_scale > 0
                            ? static_cast<float>(config.attention_scale)
                            : 1 / std::sqrt(static_cast<float>(config.head_dim));
    const bool has_window = local && config.sliding_window > 0;
    return {scale, config.attention_soft_cap, has_window ? config.sliding_window : config.context};
}

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

}  // namespace aircomp::inference
