// SPDX-License-Identifier: GPL-3.0-or-later
// Products and values of blocked types.
#pragma once

#include "weights/block_formats.hpp"
#include "weights/matvec_kernels.hpp"

namespace aircomp::inference {

/// dot() takes whole blocks; widen() any number of elements.
Kernels portable_block_kernels(DataType type);
#if defined(__x86_64__)
Kernels avx2_block_kernels(DataType type);
Kernels avx512_block_kernels(DataType type);
#endif

}  // namespace aircomp::inference
