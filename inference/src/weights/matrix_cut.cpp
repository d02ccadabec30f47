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
    const WeightMatrix slice{w.row(rows.begin), w.type, rows.size(), w.columns, w.stride};
    if (slice.rows != w.rows) checkpoint.isolate({slice.data, slice.bytes()});
    return slice;
}

WeightMatrix cut_columns(const Checkpoint& checkpoint, const WeightMatrix& w, Range columns,
                        std::vector<HugeBuffer>& copies) {
    if (columns.size() == w.columns) return w;
    const std::size_t element = element_bytes(w.type);
    const std::size_t width = static_cast<std::size_t>(columns.size()) * element;
    if (columns.empty()) return {nullptr, w.type, w.rows, 0, 0};
    const HugeBuffer& copy = copies.emplace_back(static_cast<std::size_t>(w.rows) * width);

    const std::size_t row_bytes = static_cast<std::size_t>(w.columns) * element;
    const auto rows_between_releases =
        static_cast<std::int64_t>(std::max<std::size_t>(1, bytes_between_releases / row_bytes));
    std::byte* to = copy.bytes().data();
    for (std::int64_t begin = 0; begin < w.rows; begin += rows_between_releases) {
        const std::int64_t end = std::min(begin + rows_between_releases, w.rows);
        for (std::int64_t r = begin; r < end; ++r, to += width) {
            std::memcpy(to, w.row(r) + static_cast<std::size_t>(columns.begin) * element, width);
        }
        checkpoint.release({w.row(begin), static_cast<std::size_t>(end - begin) * row_bytes});
    }
    return {copy.bytes().data(), w.type, w.rows, columns.size(), columns.size()};
}

}  // namespace aircomp::inference
