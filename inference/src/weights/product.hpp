// SPDX-License-Identifier: GPL-3.0-or-later
// The one product that the model is made of: activations of some tokens with a weight matrix.
#pragma once

#include <cstdint>

#include "weights/matvec.hpp"

namespace aircomp::inference {

/// float32 activations [tokens, size], row-major, consecutive tokens `stride` elements apart.
struct Activations {
    float* data;
    std::int64_t tokens;
    std::int64_t size;
    std::int64_t stride;

    gsl::span<float> token(std::int64_t t) const {
        return {data + t * stride, static_cast<std::size_t>(size)};
    }
    /// Elements [begin, begin + count) of every token.
    Activations part(std::int64_t begin, std::int64_t count) const {
        return {data + begin, tokens, count, stride};
    }
};

/// y = x W^T: y[t] = W x[t] for every token, products and sums in float32. One token goes through
/// matvec(), several through OpenBLAS, with weights widened before.
///
/// All threads are those of `threads`: OpenBLAS keeps its own, which would contend for the same
/// cores, so it is set to one thread, for the process, when several tokens first come.
void multiply(const WeightMatrix& w, Activations x, Activations y, ThreadPool& threads);

}  // namespace aircomp::inference
