// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of every decoder layer one device holds (SYSTEM.md section 2).
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/model_config.hpp"

namespace aircomp::inference {

/// Half-open range of indices.
struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t size() const { return end - begin; }
    bool empty() const { return begin == end; }
};

/// The same in every layer: whole KV groups (a K/V head and its query heads: rows of Wq, Wk, Wv,
/// columns of Wo) and FFN columns (rows of W_gate and W_up, columns of W_down). Either may be
/// empty; an empty range contributes a partial of zeros.
struct Slice {
    Range kv_groups;
    Range ffn_columns;
};

/// Consecutive slices of the given sizes, one per device. Throws std::invalid_argument where the
/// counts are negative, differ in number, or do not sum to the model's.
std::vector<Slice> make_slices(const ModelConfig& config, gsl::span<const std::int64_t> kv_groups,
                               gsl::span<const std::int64_t> ffn_columns);

/// The slice that holds everything.
Slice whole_model(const ModelConfig& config);

}  // namespace aircomp::inference
