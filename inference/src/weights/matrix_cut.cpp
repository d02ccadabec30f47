// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts of a matrix: rows where they lie, columns copied.
#include "weights/matrix_cut.hpp"

#include <algorithm>
#include <cstring>

namespace aircomp::inference {

namespace {

/// How much of a tensor is copied before its pages are given back.
constexpr std::size_t bytes_between_releases = std::size_t{1} << 20;

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

}  // namespace aircomp::inference
