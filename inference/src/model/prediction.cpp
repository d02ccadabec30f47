// SPDX-License-Identifier: GPL-3.0-or-later
// Equation (20), at the devices and behind the sum.
#include "model/prediction.hpp"

#include <vector>

namespace aircomp::inference {
namespace {

/// Rows [begin, end) of a float32 matrix with so many columns.
WeightMatrix rows_of(const std::vector<float>& matrix, std::int64_t begin, std::int64_t end,
                     std::int64_t columns) {
    const float* const data = matrix.data() + begin * columns;
    return {reinterpret_cast<const std::byte*>(data), DataType::f32, end - begin, columns, columns};
}

/// y += factor * x, elements of one token.
void add(gsl::span<const float> x, float factor, gsl::span<float> y) {
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] += factor * x[i];
}

/// y += factor * (matrix right h) for all tokens but the one at position 0, for which it is
/// factor * first.
void add_prediction(const SitePrediction& prediction, const WeightMatrix& matrix,
                    gsl::span<const float> first, std::int64_t position, Activations h,
                    float factor, Activations y, ThreadPool& threads) {
    std::int64_t begin = 0;
    if (position == 0 && y.tokens > 0) {
        begin = 1;
        if (!first.empty()) add(first, factor, y.token(0));
    }
    const std::int64_t tokens = y.tokens - begin;
    if (prediction.right.empty() || tokens == 0 || y.size == 0) return;
    std::vector<float> inner(static_cast<std::size_t>(tokens * prediction.rank));
    std::vector<float> outer(static_cast<std::size_t>(tokens * y.size));
    const Activations in{h.data + begin * h.stride, tokens, h.size, h.stride};
    const Activations middle{inner.data(), tokens, prediction.rank, prediction.rank};
    const Activations out{outer.data(), tokens, y.size, y.size};
    multiply(rows_of(prediction.right, 0, prediction.rank, h.size), in, middle, threads);
    multiply(matrix, middle, out, threads);
    for (std::int64_t t = 0; t < tokens; ++t)
        add(out.token(t), factor, y.token(begin + t));
}

}  // namespace

void leave_out(const SitePrediction& prediction, Range columns, std::int64_t position,
               Activations h, Activations a, ThreadPool& threads) {
    WeightMatrix left;
    if (!prediction.left.empty())
        left = rows_of(prediction.left, columns.begin, columns.end, prediction.rank);
    gsl::span<const float> first = prediction.first;
    if (!first.empty()) {
        first = first.subspan(static_cast<std::size_t>(columns.begin),
                              static_cast<std::size_t>(columns.size()));
    }
    add_prediction(prediction, left, first, position, h, -1, a, threads);
}

void add_foretold(const SitePrediction& prediction, std::int64_t position, Activations h,
                  float factor, Activations sum, ThreadPool& threads) {
    WeightMatrix left;
    if (!prediction.sum_left.empty())
        left = rows_of(prediction.sum_left, 0, sum.size, prediction.rank);
    add_prediction(prediction, left, prediction.first_sum, position, h, factor, sum, threads);
}

}  // namespace aircomp::inference
