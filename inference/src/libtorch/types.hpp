// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration's words as libtorch's.
#pragma once

#include <ATen/ATen.h>

#include "aircomp/inference/compute.hpp"

namespace aircomp::inference {

inline at::ScalarType torch_type(ComputeType type) {
    switch (type) {
        case ComputeType::float32:
            return at::kFloat;
        case ComputeType::bfloat16:
            return at::kBFloat16;
        case ComputeType::float16:
            return at::kHalf;
    }
    return at::kFloat;
}

/// Of tensors of weights.
inline at::TensorOptions torch_options(const Compute& compute) {
    return at::TensorOptions(at::Device(compute.device)).dtype(torch_type(compute.dtype));
}

}  // namespace aircomp::inference
