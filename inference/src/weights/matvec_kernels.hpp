// SPDX-License-Identifier: GPL-3.0-or-later
// What each instruction set implements for matvec.cpp to choose from.
#pragma once

#include <cstddef>
#include <cstdint>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// Functions on `count` consecutive weights of one type, from the begin of a block on; nothing needs
/// to be aligned.
struct Kernels {
    /// Scalar product of weights, in whole blocks, and `x`, accumulated in float32.
    float (*dot)(const std::byte* weights, const float* x, std::int64_t count);
    /// The weights as float32.
    void (*widen)(const std::byte* weights, float* out, std::int64_t count);
};

Kernels portable_kernels(DataType type);
#if defined(__x86_64__)
Kernels avx2_kernels(DataType type);
Kernels avx512_kernels(DataType type);
#endif

}  // namespace aircomp::inference
