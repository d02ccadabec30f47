// SPDX-License-Identifier: GPL-3.0-or-later
// Element types as ggml numbers them in GGUF files.
#pragma once

#include <cstdint>

namespace aircomp::inference {

/// Elements are stored in blocks of `block_elements` consecutive ones of a row.
struct GgmlType {
    std::uint32_t number;
    const char* name;
    std::int64_t block_elements;
    std::int64_t block_bytes;
};

/// The type of that number, or nullptr. Knows sizes of more types than can be multiplied with.
const GgmlType* find_ggml_type(std::uint32_t number);

}  // namespace aircomp::inference
