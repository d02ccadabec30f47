// SPDX-License-Identifier: GPL-3.0-or-later
// KvCache and its storage.
#include "model/kv_cache.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace aircomp::inference {

namespace {

/// What a cache begins with: doubling from there copies little.
constexpr std::int64_t least_positions = 256;

WeightMatrix matrix_view(const float* data, std::int64_t rows, std::int64_t columns,
                         std::int64_t stride) {
    return {reinterpret_cast<const std::byte*>(data), DataType::f32, rows, columns, stride};
}

}  // namespace

std::int64_t larger_room(std::int64_t room, std::int64_t positions, std::int64_t capacity) {
    return std::min(capacity, std::max({positions, 2 * room, least_positions}));
}

KvCache::Storage::Storage(const ModelConfig& config, const Slice& slice, std::int64_t positions)
    : layers(config.layers),
      groups(kv_groups_of(config, slice).size()),
      head_dim(config.head_dim),
      capacity(positions) {
    if (capacity < 1 || capacity > config.context) {
        throw std::invalid_argument(
            "KV cache: expected a capacity of 1 to " + std::to_string(config.context) +
            " tokens, the model's context, found " + std::to_string(capacity));
    }
}

void KvCache::Storage::grow(std::int64_t positions) {
    const std::int64_t room = larger_room(room_, positions, capacity);
    const auto elements = static_cast<std::size_t>(layers * groups * room * head_dim);
    std::unique_ptr<float[]> keys(new float[elements]), values(new float[elements]);
    for (std::int64_t m = 0; m < layers * groups; ++m) {
        const std::int64_t from = m * room_ * head_dim, to = m * room * head_dim;
        std::copy_n(keys_.get() + from, room_ * head_dim, keys.get() + to);
        for (std::int64_t i = 0; i < head_dim; ++i)
            std::copy_n(values_.get() + from + i * room_, room_, values.get() + to + i * room);
    }
    keys_ = std::move(keys);
    values_ = std::move(values);
    room_ = room;
}

void KvCache::Storage::write(std::int64_t layer, std::int64_t position, Activations keys,
                             Activations values) {
    if (position + keys.tokens > room_) grow(position + keys.tokens);
    for (std::int64_t group = 0; group < groups; ++group) {
        float* const k = matrix(keys_, layer, group);
        float* const v = matrix(values_, layer, group);
        for (std::int64_t t = 0; t < keys.tokens; ++t) {
            const auto key = keys.part(group * head_dim, head_dim).token(t);
            const auto value = values.part(group * head_dim, head_dim).token(t);
            std::copy(key.begin(), key.end(), k + (position + t) * head_dim);
            for (std::int64_t i = 0; i < head_dim; ++i) {
                v[i * room_ + position + t] = value[static_cast<std::size_t>(i)];
            }
        }
    }
}

WeightMatrix KvCache::Storage::keys_of(std::int64_t layer, std::int64_t group,
                                       Range positions) const {
    return matrix_view(matrix(keys_, layer, group) + positions.begin * head_dim, positions.size(),
                       head_dim, head_dim);
}

WeightMatrix KvCache::Storage::values_of(std::int64_t layer, std::int64_t group,
                                         Range positions) const {
    return matrix_view(matrix(values_, layer, group) + positions.begin, head_dim, positions.size(),
                       room_);
}

KvCache::KvCache(const ModelConfig& config, const Slice& slice, std::int64_t capacity)
    : storage_(std::make_unique<Storage>(config, slice, capacity)) {}

KvCache::~KvCache() = default;
KvCache::KvCache(KvCache&&) noexcept = default;
KvCache& KvCache::operator=(KvCache&&) noexcept = default;

std::int64_t KvCache::capacity() const {
    return storage_->capacity;
}

}  // namespace aircomp::inference
