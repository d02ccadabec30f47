// SPDX-License-Identifier: GPL-3.0-or-later
// How small integers and their scales lie in the tensors of quantised folders.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gsl/span>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// A matrix of integers below 2^bits in little-endian words. Elements that share a word are
/// neighbours along rows or along columns.
struct PackedIntegers {
    gsl::span<const std::byte> bytes;
    int bits = 4;
    std::int64_t word_bytes = 4;
    std::int64_t row_stride = 0;     ///< Words from one row, or run of rows, to the next.
    std::int64_t column_stride = 0;  ///< The same of columns.
    std::int64_t rows_a_word = 1;
    std::int64_t columns_a_word = 1;
    /// Place in the word, from the lowest bits on, of the i-th of the elements that share it.
    std::array<std::uint8_t, 8> place = {0, 1, 2, 3, 4, 5, 6, 7};
    std::uint32_t flipped = 0;  ///< Bits that are stored inverted.

    std::int32_t at(std::int64_t row, std::int64_t column) const {
        const std::int64_t word =
            row / rows_a_word * row_stride + column / columns_a_word * column_stride;
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + word * word_bytes, static_cast<std::size_t>(word_bytes));
        const auto index = static_cast<std::size_t>(row % rows_a_word + column % columns_a_word);
        const std::uint32_t mask = (1u << bits) - 1;
        return static_cast<std::int32_t>((value >> (bits * place[index]) & mask) ^ flipped);
    }
};

/// Scales of a matrix whose columns are in groups.
struct GroupScales {
    gsl::span<const std::byte> bytes;
    DataType type = DataType::f32;  ///< One without blocks.
    std::int64_t row_stride = 0;    ///< Scales from one row, or run of rows, to the next.
    std::int64_t group_stride = 0;
    std::int64_t rows_a_scale = 1;

    /// As float32. Throws std::range_error where it is not finite.
    float at(std::int64_t row, std::int64_t group) const;
};

}  // namespace aircomp::inference
