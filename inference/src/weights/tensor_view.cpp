// SPDX-License-Identifier: GPL-3.0-or-later
// Names and sizes of tensors.
#include "weights/tensor_view.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include "weights/safetensors.hpp"

namespace aircomp::inference {

namespace {

struct TypeEntry {
    const char* name;
    BlockSize block;
};

/// In the order of DataType.
constexpr std::array<TypeEntry, 19> types = {{{"F32", {1, 4}},
                                              {"F16", {1, 2}},
                                              {"BF16", {1, 2}},
                                              {"Q4_0", {32, 18}},
                                              {"Q4_1", {32, 20}},
                                              {"Q5_0", {32, 22}},
                                              {"Q5_1", {32, 24}},
                                              {"Q8_0", {32, 34}},
                                              {"Q2_K", {256, 84}},
                                              {"Q3_K", {256, 110}},
                                              {"Q4_K", {256, 144}},
                                              {"Q5_K", {256, 176}},
                                              {"Q6_K", {256, 210}},
                                              {"IQ4_NL", {32, 18}},
                                              {"IQ4_XS", {256, 136}},
                                              {"MXFP4", {32, 17}},
                                              {"INT4", {32, 21}},
                                              {"INT8", {32, 36}},
                                              {"FP8", {32, 36}}}};

/// Types that files can have; those after them exist in memory alone.
constexpr std::size_t types_of_files = 16;

const TypeEntry& entry(DataType type) {
    return types.at(static_cast<std::size_t>(type));
}

}  // namespace

BlockSize block_size(DataType type) {
    return entry(type).block;
}

std::size_t row_bytes(DataType type, std::int64_t elements) {
    const BlockSize block = block_size(type);
    return static_cast<std::size_t>((elements + block.elements - 1) / block.elements * block.bytes);
}

std::size_t element_bytes(DataType type) {
    const BlockSize block = block_size(type);
    if (block.elements != 1) {
        throw std::invalid_argument(std::string("expected a type without blocks, found ") +
                                    type_name(type));
    }
    return static_cast<std::size_t>(block.bytes);
}

const char* type_name(DataType type) {
    return entry(type).name;
}

std::optional<DataType> find_type(std::string_view name) {
    for (std::size_t i = 0; i < types_of_files; ++i) {
        if (types[i].name == name) return static_cast<DataType>(i);
    }
    return std::nullopt;
}

std::string type_names() {
    std::string names;
    for (std::size_t i = 0; i < types_of_files; ++i)
        names += (names.empty() ? "" : ", ") + std::string(types[i].name);
    return names;
}

void check_bytes(const TensorView& tensor) {
    const BlockSize block = block_size(tensor.type);
    auto bytes = static_cast<std::size_t>(block.bytes);
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
        const bool is_row = i + 1 == tensor.shape.size();
        const std::int64_t extent = is_row ? tensor.shape[i] / block.elements : tensor.shape[i];
        if (extent < 0 || (is_row && tensor.shape[i] % block.elements != 0) ||
            __builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes)) {
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
