// SPDX-License-Identifier: GPL-3.0-or-later
// What holding a slice costs: operations, bytes of weights and bytes of KV cache. Costs of the
// slices of a split sum to those of the whole model where every KV group is on one device. Where
// devices share a group, each has its key and value projections and its part of the cache, and so
// the costs sum to more. Where all heads are normed together (OLMo 2), every device that has heads
// computes all queries and keys.
#pragma once

#include <cstdint>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/compute.hpp"
#include "aircomp/inference/slice.hpp"

namespace aircomp::inference {

/// Whether the slice adds anything to the sums of such sites.
bool holds_any(const Slice& slice, SiteKind kind);

/// Whether it holds anything at all.
bool holds_any(const Slice& slice);

/// The part of such a site's units that the slice holds, 0 to 1; of a block, the mean of its two
/// kinds.
double held_part(const ModelConfig& model, const Slice& slice, SiteKind kind);

/// FLOP of one such site for `vectors` tokens from `position` on: a multiplication and an addition
/// for each weight and token; scores and mixture of the attention over the positions that a token
/// sees, and the experts that it chooses, in a layer that is like the mean of all.
double site_flops(const ModelConfig& model, const Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors);

/// Reals that the slice's part of such a site's last projection is applied to, for one token of a
/// model without experts.
std::int64_t input_width(const ModelConfig& model, const Slice& slice, SiteKind kind);

/// Weights that the slice reads at one such site for one token, experts that it chooses alone; in a
/// layer that is like the mean of all.
double site_weights(const ModelConfig& model, const Slice& slice, SiteKind kind);

/// Bytes of keys and values that it reads at one such site for tokens that go through together, the
/// last of them at `position`.
double site_cache_bytes(const ModelConfig& model, const Slice& slice, SiteKind kind,
                        std::int64_t position);

/// FLOP of one token at `position`, all layers.
double token_flops(const ModelConfig& model, const Slice& slice, std::int64_t position);

/// FLOP of the output head, which the coordinator computes, for `vectors` tokens.
double head_flops(const ModelConfig& model, std::int64_t vectors);

/// What a weight of the decoder layers takes in the checkpoint, bytes: the mean where matrices are of
/// several types. Throws std::runtime_error where the checkpoint has no layers.
double bytes_per_weight(const Checkpoint& checkpoint);

/// What it takes where devices compute so: torch has all weights of the layers in one type. Throws as
/// above.
double bytes_per_weight(const Checkpoint& checkpoint, const Compute& compute);

/// Bytes of the slice's weights in all layers. Norms, which every device has, and biases do not
/// count.
double weight_bytes(const ModelConfig& model, const Slice& slice, double bytes_per_weight);

/// Bytes of the slice's KV cache in all layers, for `context` positions.
double cache_bytes(const ModelConfig& model, const Slice& slice, std::int64_t context);

}  // namespace aircomp::inference
