// SPDX-License-Identifier: GPL-3.0-or-later
// Products and values of blocked types in plain C++.
#pragma once

#include "weights/block_formats.hpp"
#include "weights/matvec_kernels.hpp"

namespace aircomp::inference {

/// dot() takes whole blocks; widen() any number of elements.
Kernels portable_block_kernels(DataType type);

}  // namespace aircomp::inference
