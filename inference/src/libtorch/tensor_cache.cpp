// SPDX-License-Identifier: GPL-3.0-or-later
// Room for positions, and the angles of all of them.
#include "libtorch/tensor_cache.hpp"

#include <utility>
#include <vector>

#include "model/kv_cache.hpp"

namespace aircomp::inference {

TensorCache::TensorCache(const ModelConfig& config, const Slice& slice, std::int64_t capacity,
                         at::Device device, RotaryEmbedding rotary, RotaryEmbedding local_rotary)
    : rotary_(std::move(rotary)),
      local_rotary_(std::move(local_rotary)),
      capacity_(capacity),
      keys_(at::empty({config.layers, kv_groups_of(config, slice).size(), 0, config.head_dim},
                      at::TensorOptions(device).dtype(at::kFloat))),
      values_(keys_) {}

TorchTurns TensorCache::all_turns(const RotaryEmbedding& rotary) const {
    RotaryEmbedding::Turns host = rotary.turns({0, room_}, capacity_);
    const auto tensor = [&](std::vector<float>& values) {
        return at::from_blob(values.data(), {room_, rotary.pairs()}, at::kFloat)
            .to(keys_.options(), /*non_blocking=*/false, /*copy=*/true);
    };
    return {tensor(host.cosines), tensor(host.sines)};
}

void TensorCache::hold(std::int64_t positions) {
    if (positions <= room_) return;
    const std::int64_t old = room_;
    room_ = larger_room(room_, positions, capacity_);
    for (at::Tensor* const tensor : {&keys_, &values_}) {
        at::Tensor larger = at::empty({tensor->size(0), tensor->size(1), room_, tensor->size(3)},
                                      tensor->options());
        larger.narrow(2, 0, old).copy_(*tensor);
        *tensor = larger;
    }
    turns_ = all_turns(rotary_);
    local_turns_ = all_turns(local_rotary_);
}

void TensorCache::write(std::int64_t layer, std::int64_t position, const at::Tensor& keys,
                        const at::Tensor& values) {
    const std::int64_t tokens = keys.size(0);
    keys_[layer].narrow(1, position, tokens).copy_(keys.transpose(0, 1));
    values_[layer].narrow(1, position, tokens).copy_(values.transpose(0, 1));
}

at::Tensor TensorCache::keys_of(std::int64_t layer, Range positions) const {
    return keys_[layer].narrow(1, positions.begin, positions.size());
}

at::Tensor TensorCache::values_of(std::int64_t layer, Range positions) const {
    return values_[layer].narrow(1, positions.begin, positions.size());
}

TorchTurns TensorCache::turns(bool local, std::int64_t position, std::int64_t tokens) const {
    const TorchTurns& all = local ? local_turns_ : turns_;
    return {all.cosines.narrow(0, position, tokens), all.sines.narrow(0, position, tokens)};
}

}  // namespace aircomp::inference
