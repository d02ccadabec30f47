// SPDX-License-Identifier: GPL-3.0-or-later
#include "libtorch/threads.hpp"

#include <ATen/Parallel.h>
#include <cblas.h>

namespace aircomp::inference {

void set_torch_threads(int threads) {
    if (openblas_get_num_threads() != threads) openblas_set_num_threads(threads);
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

}  // namespace aircomp::inference
