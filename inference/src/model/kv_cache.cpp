// SPDX-License-Identifier: GPL-3.0-or-later
// KvCache and its storage.
#include "model/kv_cache.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

WeightMatrix matrix_view(const float* data, std::int64_t rows, std::int64_t columns,
                         std::int64_t stride) {
    return {reinterpret_cast<const std::byte*>(data), DataType::f32, rows, columns, stride};
}

}  // namespace

KvCache::Storage::Storage(const ModelConfig& config, const Slice& slice, std::int64_t positions)
    : layers(config.layers),
      groups(slice.kv_groups.size()),
      head_dim(config.head_dim),
      capacity(positions) {
    if (capacity < 1 || capacity > config.context) {
        throw std::invalid_argument(
            "KV cache: expected a capacity of 1 to " + std::to_string(config.context) +
            " tokens, the model's context, found " + std::to_string(capacity));
    }
    // Left uninitialised: pages of positions never reached never become resident.
    const auto elements = static_cast<std::size_t>(layers * groups * capacity * head_dim);
    keys_.reset(new float[elements]);
    values_.reset(new float[elements]);
}

void KvCache::Storage::write(std::int64_t layer, std::int64_t position, Activations keys,
                             Activations values) {
    for (std::int64_t group = 0; group < groups; ++group) {
        float* const k = matrix(keys_, layer, group);
        float* const v = matrix(values_, layer, group);
        for (std::int64_t t = 0; t < keys.tokens; ++t) {
            const auto key = keys.part(group * head_dim, head_dim).token(t);
            const auto value = values.part(group * head_dim, head_dim).token(t);
            std::copy(key.begin(), key.end(), k + (position + t) * head_dim);
            for (std::int64_t i = 0; i < head_dim; ++i) {
                v[i * capacity + position + t] = value[static_cast<std::size_t>(i)];
            }
        }
    }
}

WeightMatrix KvCache::Storage::keys_of(std::int64_t layer, std::int64_t group,
                                       std::int64_t positions) const {
    return matrix_view(matrix(keys_, layer, group), positions, head_dim, head_dim);
}

WeightMatrix KvCache::Storage::values_of(std::int64_t layer, std::int64_t group,
                                         std::int64_t positions) const {
    return matrix_view(matrix(values_, layer, group), head_dim, positions, capacity);
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
