// SPDX-License-Identifier: GPL-3.0-or-later
// Where the halves of a layer belong, whatever computes them.
#pragma once

#include <cstdint>

#include "aircomp/inference/model_config.hpp"
#include "aircomp/inference/slice.hpp"

namespace aircomp::inference {

/// Where the partial of such a half of a layer is summed.
inline Site site_of(const ModelConfig& config, std::int64_t layer, SiteKind half) {
    return config.site(layer, config.design.parallel ? SiteKind::block : half);
}

/// The slice's columns of the last projection of an attention or an MLP.
inline Range columns_of(const ModelConfig& config, const Slice& slice, SiteKind kind) {
    if (kind == SiteKind::mlp) return slice.ffn_columns;
    return {slice.heads.begin * config.head_dim, slice.heads.end * config.head_dim};
}

}  // namespace aircomp::inference
