// SPDX-License-Identifier: GPL-3.0-or-later
// multiply() on matvec for one token and on libtorch's mm, block of rows by block, for several.
#include "weights/product.hpp"

#include <ATen/ATen.h>
#include <dlfcn.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

/// Weights that a thread widens and multiplies at a time: 1 MiB of float32, what a core's second
/// level cache holds.
constexpr std::int64_t block_elements = 256 * 1024;

/// OpenBLAS is reached through the BLAS interface; whether it is the library behind that shows
/// only at run time.
void keep_blas_single_threaded() {
    static const auto threads =
        reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
    static const auto set_threads =
        reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
    if (threads && set_threads && threads() != 1) set_threads(1);
}

at::Tensor tensor(Activations x) {
    return at::from_blob(x.data, {x.tokens, x.size}, {x.stride, 1}, at::kFloat);
}

bool is_aligned_f32(const WeightMatrix& w) {
    return w.type == DataType::f32 &&
           reinterpret_cast<std::uintptr_t>(w.data) % alignof(float) == 0;
}

/// Rows [begin, end) of `w` as float32: in place where they already are, else in `scratch`.
at::Tensor widened_rows(const WeightMatrix& w, std::int64_t begin, std::int64_t end,
                        std::unique_ptr<float[]>& scratch) {
    if (is_aligned_f32(w)) {
        // from_blob() takes no const pointer; the tensor is only read.
        auto* rows = const_cast<float*>(reinterpret_cast<const float*>(w.row(begin)));
        return at::from_blob(rows, {end - begin, w.columns}, {w.stride, 1}, at::kFloat);
    }
    const auto columns = static_cast<std::size_t>(w.columns);
    scratch.reset(new float[static_cast<std::size_t>(end - begin) * columns]);
    for (std::int64_t r = begin; r < end; ++r) {
        widen_row(w, r, {scratch.get() + (r - begin) * w.columns, columns});
    }
    return at::from_blob(scratch.get(), {end - begin, w.columns}, at::kFloat);
}

void multiply_blocks(const WeightMatrix& w, Activations x, Activations y, ThreadPool& threads) {
    keep_blas_single_threaded();
    const std::int64_t rows_a_thread = (w.rows + threads.threads() - 1) / threads.threads();
    const std::int64_t block = std::clamp<std::int64_t>(
        block_elements / std::max<std::int64_t>(w.columns, 1), 1, rows_a_thread);
    threads.for_each_piece(w.rows, block, [&](std::int64_t begin, std::int64_t end) {
        std::unique_ptr<float[]> scratch;
        at::Tensor out = tensor(y.part(begin, end - begin));
        at::mm_out(out, tensor(x), widened_rows(w, begin, end, scratch).t());
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
