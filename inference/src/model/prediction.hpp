// SPDX-License-Identifier: GPL-3.0-or-later
// A site's prediction as products.
#pragma once

#include "aircomp/inference/reference_stream.hpp"
#include "aircomp/inference/slice.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

/// a -= what is foretold of the columns, for tokens at `position`, `position` + 1, ...: `h` is
/// [tokens, hidden_size], `a` [tokens, columns].
void leave_out(const SitePrediction& prediction, Range columns, std::int64_t position,
               Activations h, Activations a, ThreadPool& threads);

/// sum += W times what is foretold of all columns, times `factor`.
void add_foretold(const SitePrediction& prediction, std::int64_t position, Activations h,
                  float factor, Activations sum, ThreadPool& threads);

}  // namespace aircomp::inference
