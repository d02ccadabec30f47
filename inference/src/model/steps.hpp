// SPDX-License-Identifier: GPL-3.0-or-later
// The small steps of which attention, MLP and output head are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

#include "model/layer_weights.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

/// Activations [tokens, size] that a function computes on its way.
class Buffer {
public:
    Buffer(std::int64_t tokens, std::int64_t size)
        : tokens_(tokens), size_(size), values_(static_cast<std::size_t>(tokens * size)) {}
    operator Activations() { return {values_.data(), tokens_, size_, size_}; }

private:
    std::int64_t tokens_;
    std::int64_t size_;
    std::vector<float> values_;
};

/// Indices of a loop over heads or elements that are a piece for a thread, where each costs `work`
/// multiplications.
std::int64_t grain(std::int64_t work);

/// values *= factor
void multiply_by(float factor, gsl::span<float> values);

/// values = c tanh(values / c); nothing where c is 0.
void soft_cap(double c, gsl::span<float> values);

/// y = W x + b of every token.
void project(const Projection& projection, Activations x, Activations y, ThreadPool& threads);

/// Number of tokens of x [tokens, width], whose result has `output` elements of `result_width`.
/// Throws std::invalid_argument where they are no whole number, or another one.
std::int64_t count_tokens(std::size_t x, std::int64_t width, std::size_t output,
                          std::int64_t result_width);

}  // namespace aircomp::inference
