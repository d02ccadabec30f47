// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts of a matrix: rows where they lie, columns copied, and either packed anew where the matrix is
// quantised.
#include "weights/matrix_cut.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "weights/quantised_matrix.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {

namespace {

/// How much of a tensor is copied before its pages are given back.
constexpr std::size_t bytes_between_releases = std::size_t{1} << 20;

std::int64_t count_of(const std::vector<Range>& rows) {
    std::int64_t count = 0;
    for (const Range& range : rows)
        count += range.size();
    return count;
}

WeightMatrix whole_matrix(const Checkpoint& checkpoint, const std::string& name, MatrixSize size) {
    const TensorView tensor = checkpoint.tensor(name, {size.rows, size.columns});
    return {tensor.bytes.data(), tensor.type, size.rows, size.columns, size.columns};
}

/// Rows that lie apart, copied together.
WeightMatrix gather_rows(const Checkpoint& checkpoint, const WeightMatrix& w,
                         const std::vector<Range>& rows, std::vector<HugeBuffer>& copies) {
    WeightMatrix gathered = w;
    gathered.rows = count_of(rows);
    if (gathered.rows == 0) return gathered;
    const auto row_bytes = static_cast<std::size_t>(w.row(1) - w.row(0));
    const HugeBuffer& copy =
        copies.emplace_back(static_cast<std::size_t>(gathered.rows) * row_bytes);
    std::byte* to = copy.bytes().data();
    for (const Range& range : rows) {
        const std::size_t bytes = static_cast<std::size_t>(range.size()) * row_bytes;
        std::memcpy(to, w.row(range.begin), bytes);
        checkpoint.release({w.row(range.begin), bytes});
        to += bytes;
    }
    gathered.data = copy.bytes().data();
    return gathered;
}

/// A part of a quantised matrix, packed anew.
WeightMatrix repack(const Checkpoint& checkpoint, const QuantisedMatrix& matrix, MatrixSize size,
                    const std::vector<Range>& rows, Range columns,
                    std::vector<HugeBuffer>& copies) {
    if (matrix.rows != size.rows || matrix.columns != size.columns) {
        throw std::runtime_error(matrix.place + ": expected shape " +
                                 shape_text({size.rows, size.columns}) + ", found " +
                                 shape_text({matrix.rows, matrix.columns}));
    }
    const DataType type = matrix.held_as();
    const std::int64_t block = block_size(type).elements;
    const std::int64_t first = columns.begin / block * block;
    WeightMatrix result{nullptr, type, count_of(rows), columns.size(), 0, columns.begin - first};
    if (result.rows == 0 || columns.empty()) return {nullptr, type, result.rows, 0, 0};
    result.stride = (columns.end - first + block - 1) / block * block;
    const std::size_t width = row_bytes(type, result.stride);
    const HugeBuffer& copy = copies.emplace_back(static_cast<std::size_t>(result.rows) * width);
    std::byte* to = copy.bytes().data();
    for (const Range& range : rows) {
        matrix.read(range, {first, columns.end}, to);
        to += static_cast<std::size_t>(range.size()) * width;
    }
    for (const auto& part : matrix.parts)
        checkpoint.release(part);
    result.data = copy.bytes().data();
    return result;
}

}  // namespace

WeightMatrix cut_rows(const Checkpoint& checkpoint, const WeightMatrix& w, Range rows) {
    WeightMatrix slice = w;
    slice.data = w.row(rows.begin);
    slice.rows = rows.size();
    if (slice.rows != w.rows) checkpoint.isolate({slice.data, slice.bytes()});
    return slice;
}

WeightMatrix cut_columns(const Checkpoint& checkpoint, const WeightMatrix& w, Range columns,
                         std::vector<HugeBuffer>& copies) {
    if (columns.size() == w.columns) return w;
    if (columns.empty()) return {nullptr, w.type, w.rows, 0, 0};
    // Whole blocks: one that the cut goes through is kept on both sides of it.
    const BlockSize block = block_size(w.type);
    const std::int64_t first = columns.begin / block.elements;
    const std::int64_t end_block = (columns.end + block.elements - 1) / block.elements;
    const std::int64_t stride = (end_block - first) * block.elements;
    const auto offset = static_cast<std::size_t>(first * block.bytes);
    const std::size_t width = row_bytes(w.type, stride);
    const HugeBuffer& copy = copies.emplace_back(static_cast<std::size_t>(w.rows) * width);

    const std::size_t whole_width = row_bytes(w.type, w.columns);
    const auto rows_between_releases =
        static_cast<std::int64_t>(std::max<std::size_t>(1, bytes_between_releases / whole_width));
    std::byte* to = copy.bytes().data();
    for (std::int64_t begin = 0; begin < w.rows; begin += rows_between_releases) {
        const std::int64_t end = std::min(begin + rows_between_releases, w.rows);
        for (std::int64_t r = begin; r < end; ++r, to += width) {
            std::memcpy(to, w.row(r) + offset, width);
        }
        checkpoint.release({w.row(begin), static_cast<std::size_t>(end - begin) * whole_width});
    }
    return {copy.bytes().data(), w.type, w.rows,
            columns.size(),      stride, columns.begin - first * block.elements};
}

WeightMatrix load_rows(const Checkpoint& checkpoint, const std::string& name, MatrixSize size,
                       const std::vector<Range>& rows, std::vector<HugeBuffer>& copies) {
    if (const QuantisedMatrix* const matrix = checkpoint.find_quantised(name))
        return repack(checkpoint, *matrix, size, rows, {0, size.columns}, copies);
    const WeightMatrix w = whole_matrix(checkpoint, name, size);
    return rows.size() == 1 ? cut_rows(checkpoint, w, rows.front())
                            : gather_rows(checkpoint, w, rows, copies);
}

WeightMatrix load_columns(const Checkpoint& checkpoint, const std::string& name, MatrixSize size,
                          Range columns, std::vector<HugeBuffer>& copies) {
    if (const QuantisedMatrix* const matrix = checkpoint.find_quantised(name))
        return repack(checkpoint, *matrix, size, {{0, size.rows}}, columns, copies);
    return cut_columns(checkpoint, whole_matrix(checkpoint, name, size), columns, copies);
}

}  // namespace aircomp::inference
