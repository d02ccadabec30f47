// SPDX-License-Identifier: GPL-3.0-or-later
// The two ways in which a slice cuts a weight matrix, and matrices of a checkpoint so cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/matvec.hpp"

namespace aircomp::inference {

/// Rows [begin, end) of `w`, a view of the checkpoint's mapping.
WeightMatrix cut_rows(const Checkpoint& checkpoint, const WeightMatrix& w, Range rows);

/// Columns [begin, end) of `w`, copied to where they lie contiguously, the copy appended to
/// `copies`: read strided, a slice would drag in almost every page of the tensor. All columns are
/// `w` itself. `w` must be a whole matrix, its rows of whole blocks.
WeightMatrix cut_columns(const Checkpoint& checkpoint, const WeightMatrix& w, Range columns,
                         std::vector<HugeBuffer>& copies);

/// Sizes of a whole matrix.
struct MatrixSize {
    std::int64_t rows;
    std::int64_t columns;
};

/// Rows of the checkpoint's matrix `name`, one range after the other: where they lie, if that is
/// possible, and else in a copy that is appended to `copies`. Throws std::runtime_error where the
/// matrix is missing or has another size.
WeightMatrix load_rows(const Checkpoint& checkpoint, const std::string& name, MatrixSize size,
                       const std::vector<Range>& rows, std::vector<HugeBuffer>& copies);

/// Columns of it, as above.
WeightMatrix load_columns(const Checkpoint& checkpoint, const std::string& name, MatrixSize size,
                          Range columns, std::vector<HugeBuffer>& copies);

}  // namespace aircomp::inference
