// SPDX-License-Identifier: GPL-3.0-or-later
// Threads of libtorch's own and of the BLAS behind it.
#pragma once

namespace aircomp::inference {

/// Lets everything of libtorch that the calling thread begins use so many threads. OpenBLAS, where it
/// is behind libtorch, has one number for the whole process.
void set_torch_threads(int threads);

}  // namespace aircomp::inference
