// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a model decodes on this machine, against what its memory allows: one token reads every
// weight once, so read bandwidth is the bound.
#pragma once

#include <optional>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/compute.hpp"

namespace aircomp::runtime {

struct DecodeSpeed {
    double tokens_per_s = 0;  ///< Median.
    double weight_bytes_per_token = 0;
    double read_bytes_per_s = 0;    ///< Median read bandwidth, measured between the tokens.
    double bandwidth_fraction = 0;  ///< Median over tokens of weight bytes over token time over
                                    ///< the bandwidth measured before and after the token.
    double torch_tokens_per_s = 0;  ///< Median; 0: torch was not asked for.
    double torch_over_kernels = 0;  ///< Median ratio of speeds, of tokens timed in turn.
};

/// Decodes `tokens` >= 1 tokens one by one with the whole model on one device. The bandwidth of a
/// shared machine swings within seconds: it is measured before and after every token, by reading
/// memory of our own with as many threads. With `torch`, every token of the kernels is followed by
/// one of that. Throws as inference::require_compute() does.
DecodeSpeed measure_decode_speed(const inference::Checkpoint& checkpoint, int threads, int tokens,
                                 const std::optional<inference::Compute>& torch = std::nullopt);

}  // namespace aircomp::runtime
