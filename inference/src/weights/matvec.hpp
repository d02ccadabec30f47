// SPDX-License-Identifier: GPL-3.0-or-later
// One token's product with a weight matrix, y = W x. It is bound by memory bandwidth: the weights
// are read once, where they lie, and widened to float32 in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>

#include "aircomp/inference/checkpoint.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

/// A row-major matrix [rows, columns] as it lies in memory; elements may be unaligned. Of a blocked
/// type, rows begin at a block; columns may begin and end within one.
struct WeightMatrix {
    const std::byte* data = nullptr;
    DataType type = DataType::f32;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::int64_t stride = 0;   ///< Elements from one row to the next, >= skipped + columns.
    std::int64_t skipped = 0;  ///< Elements of a row's first block that are not of the matrix.

    const std::byte* row(std::int64_t r) const {
        return data + static_cast<std::size_t>(r) * row_bytes(type, stride);
    }
    /// What a product reads.
    std::size_t bytes() const {
        return static_cast<std::size_t>(rows) * row_bytes(type, skipped + columns);
    }
};

/// Families of vector instructions that the kernels are written for, from worst to best.
enum class InstructionSet { portable, avx2, avx512 };

/// Whether this processor has it.
bool is_supported(InstructionSet set);

/// The best that this processor has.
InstructionSet best_instruction_set();

/// y = W x, products and sums in float32. `x` has W.columns and `y` W.rows elements. A
/// small matrix is left to the calling thread. `set` must be supported.
void matvec(const WeightMatrix& w, gsl::span<const float> x, gsl::span<float> y,
            ThreadPool& threads, InstructionSet set = best_instruction_set());

/// `out.size()` elements of type `type` that begin at `elements`, the begin of a block, as float32.
/// `set` must be supported.
void widen(DataType type, const std::byte* elements, gsl::span<float> out,
           InstructionSet set = best_instruction_set());

/// Row `r` of `w`; `out` has W.columns elements.
void widen_row(const WeightMatrix& w, std::int64_t r, gsl::span<float> out,
               InstructionSet set = best_instruction_set());

}  // namespace aircomp::inference
