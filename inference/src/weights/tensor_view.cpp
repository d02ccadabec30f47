// SPDX-License-Identifier: GPL-3.0-or-later
// Names and sizes of tensors.
#include "weights/tensor_view.hpp"

#include <stdexcept>
#include <string>

#include "weights/safetensors.hpp"

namespace aircomp::inference {

std::size_t element_bytes(DataType type) {
    return type == DataType::f32 ? 4 : 2;
}

const char* type_name(DataType type) {
    switch (type) {
        case DataType::f32:
            return "F32";
        case DataType::f16:
            return "F16";
        case DataType::bf16:
            return "BF16";
    }
    throw std::invalid_argument("unknown data type");
}

void check_bytes(const TensorView& tensor) {
    std::size_t bytes = element_bytes(tensor.type);
    for (const std::int64_t extent : tensor.shape) {
        if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes)) {
            throw std::invalid_argument(tensor.name +
                                        ": no such shape: " + shape_text(tensor.shape));
        }
    }
    if (tensor.bytes.size() != bytes) {
        throw std::invalid_argument(tensor.name + ": expected " + std::to_string(bytes) +
                                    " bytes, found " + std::to_string(tensor.bytes.size()));
    }
}

}  // namespace aircomp::inference
