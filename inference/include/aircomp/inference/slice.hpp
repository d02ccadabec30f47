// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of every decoder layer one device holds (docs/system-model.md section 2).
#pragma once

#include <cstdint>
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

/// The same in every layer: query heads (rows of Wq, columns of Wo) and FFN columns (rows of W_gate
/// and W_up, columns of W_down). Either may be empty; an empty range contributes a partial of
/// zeros. The key and the value of a KV group (rows of Wk and Wv) stand on every device that holds
/// one of its query heads, so that a model may be cut over more devices than it has groups.
struct Slice {
    Range heads;
    Range ffn_columns;
};

/// Which of `all` columns of an MLP the slice has: its part of them, where the MLP has another width
/// than ffn_size, as shared experts and layers without experts may.
Range columns_of_slice(const ModelConfig& config, const Slice& slice, std::int64_t all);

/// The KV groups whose keys and values the slice needs.
Range kv_groups_of(const ModelConfig& config, const Slice& slice);

/// What layers are cut into along one axis; a device holds whole ones.
struct Unit {
    const char* name;     ///< In the plural: "query heads".
    std::int64_t count;   ///< The model's, in every layer.
    Range Slice::*range;  ///< Which of them a slice holds.

    /// The slice of the first `held` of them and nothing else.
    Slice first(std::int64_t held) const;
};

/// The axes along which layers of the model are cut.
std::vector<Unit> units_of(const ModelConfig& config);

/// How many units the devices hold: for each axis, in the order of units_of(), one count per
/// device.
using UnitCounts = std::vector<std::vector<std::int64_t>>;

/// Consecutive slices of those sizes, one per device. Throws std::invalid_argument where the counts
/// are negative, differ in number, or do not sum to the model's.
std::vector<Slice> make_slices(const ModelConfig& config, const UnitCounts& counts);

/// The slice that holds everything.
Slice whole_model(const ModelConfig& config);

}  // namespace aircomp::inference
