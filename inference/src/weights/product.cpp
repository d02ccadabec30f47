// SPDX-License-Identifier: GPL-3.0-or-later
// multiply() on matvec for one token and on BLAS, block of rows by block, for several.
#include "weights/product.hpp"

#include <cblas.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

/// Weights that a thread widens and multiplies at a time: 1 MiB of float32, what a core's second
/// level cache holds.
constexpr std::int64_t block_elements = 256 * 1024;

bool is_aligned_f32(const WeightMatrix& w) {
    return w.type == DataType::f32 &&
           reinterpret_cast<std::uintptr_t>(w.data) % alignof(float) == 0;
}

/// Rows of float32, `stride` elements apart.
struct Rows {
    const float* data;
    std::int64_t stride;
};

/// Rows [begin, end) of `w` as float32: in place where they already are, else in `scratch`.
Rows widened_rows(const WeightMatrix& w, std::int64_t begin, std::int64_t end,
                  std::unique_ptr<float[]>& scratch) {
    if (is_aligned_f32(w)) return {reinterpret_cast<const float*>(w.row(begin)), w.stride};
    const auto columns = static_cast<std::size_t>(w.columns);
    scratch.reset(new float[static_cast<std::size_t>(end - begin) * columns]);
    for (std::int64_t r = begin; r < end; ++r) {
        widen_row(w, r, {scratch.get() + (r - begin) * w.columns, columns});
    }
    return {scratch.get(), w.columns};
}

/// BLAS's integers: sizes here are those of matrices in memory.
blasint size_of(std::int64_t size) {
    return static_cast<blasint>(size);
}

/// y = x w^T, [tokens, size] with w [size of y, size of x].
void multiply_rows(Rows w, Activations x, Activations y) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size_of(x.tokens), size_of(y.size),
                size_of(x.size), 1, x.data, size_of(x.stride), w.data, size_of(w.stride), 0, y.data,
                size_of(y.stride));
}

void multiply_blocks(const WeightMatrix& w, Activations x, Activations y, ThreadPool& threads) {
    // The pool's threads share the work: OpenBLAS, which has one number for all, adds none.
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
    const std::int64_t rows_a_thread = (w.rows + threads.threads() - 1) / threads.threads();
    const std::int64_t block = std::clamp<std::int64_t>(
        block_elements / std::max<std::int64_t>(w.columns, 1), 1, rows_a_thread);
    threads.for_each_piece(w.rows, block, [&](std::int64_t begin, std::int64_t end) {
        std::unique_ptr<float[]> scratch;
        multiply_rows(widened_rows(w, begin, end, scratch), x, y.part(begin, end - begin));
    });
}

}  // namespace

void multiply(const WeightMatrix& w, Activations x, Activations y, ThreadPool& threads) {
    if (x.tokens != y.tokens || x.size != w.columns || y.size != w.rows) {
        throw std::invalid_argument(
            "product: x is [" + std::to_string(x.tokens) + ", " + std::to_string(x.size) +
            "], y [" + std::to_string(y.tokens) + ", " + std::to_string(y.size) +
            "], the weights [" + std::to_string(w.rows) + ", " + std::to_string(w.columns) + "]");
    }
    if (x.tokens == 0 || w.rows == 0) return;
    if (x.tokens == 1) {
        matvec(w, x.token(0), y.token(0), threads);
    } else {
        multiply_blocks(w, x, y, threads);
    }
}

}  // namespace aircomp::inference
