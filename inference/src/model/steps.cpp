// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/steps.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "aircomp/inference/add.hpp"

namespace aircomp::inference {

std::int64_t grain(std::int64_t work) {
    constexpr std::int64_t piece_work = 16 * 1024;
    return std::max<std::int64_t>(1, piece_work / work);
}

void multiply_by(float factor, gsl::span<float> values) {
    if (factor == 1) return;
    for (float& value : values)
        value *= factor;
}

void soft_cap(double c, gsl::span<float> values) {
    const auto cap = static_cast<float>(c);
    if (cap == 0) return;
    for (float& value : values)
        value = cap * std::tanh(value / cap);
}

void project(const Projection& projection, Activations x, Activations y, ThreadPool& threads) {
    multiply(projection.weight, x, y, threads);
    if (projection.bias.empty()) return;
    for (std::int64_t t = 0; t < y.tokens; ++t)
        add(projection.bias, y.token(t));
}

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

}  // namespace aircomp::inference
