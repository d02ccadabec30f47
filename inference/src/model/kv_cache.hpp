// SPDX-License-Identifier: GPL-3.0-or-later
// How a device keeps the keys and values of earlier tokens: such that attention over them is a
// product with a matrix, like every other.
#pragma once

#include <cstdint>
#include <memory>

#include "aircomp/inference/decoder.hpp"
#include "weights/product.hpp"

namespace aircomp::inference {

class TorchCache;

/// Positions to make room for, of a cache that has `room` and needs `positions`.
std::int64_t larger_room(std::int64_t room, std::int64_t positions, std::int64_t capacity);

struct KvCache::Storage {
    Storage(const ModelConfig& config, const Slice& slice, std::int64_t capacity);

    /// Writes the tokens at `position`, ...; `keys` and `values` are [tokens, groups * head_dim].
    void write(std::int64_t layer, std::int64_t position, Activations keys, Activations values);

    /// Keys of those positions, which were written: [positions, head_dim].
    WeightMatrix keys_of(std::int64_t layer, std::int64_t group, Range positions) const;

    /// Their values, transposed: [head_dim, positions].
    WeightMatrix values_of(std::int64_t layer, std::int64_t group, Range positions) const;

    std::int64_t layers;
    std::int64_t groups;
    std::int64_t head_dim;
    std::int64_t capacity;

    /// Keys and values in its place where the backend is torch, from their first position on.
    std::shared_ptr<TorchCache> on_torch;

private:
    /// Makes room for so many positions; what was written stays.
    void grow(std::int64_t positions);

    float* matrix(const std::unique_ptr<float[]>& all, std::int64_t layer,
                  std::int64_t group) const {
        return all.get() + (layer * groups + group) * room_ * head_dim;
    }

    std::int64_t room_ = 0;            ///< Positions that there is memory for.
    std::unique_ptr<float[]> keys_;    ///< [layers, groups, room, head_dim]
    std::unique_ptr<float[]> values_;  ///< [layers, groups, head_dim, room]
};

}  // namespace aircomp::inference
