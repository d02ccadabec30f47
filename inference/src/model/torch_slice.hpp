// SPDX-License-Identifier: GPL-3.0-or-later
// A device's slice as tensors of libtorch, and the half-steps computed with them. Of a half-step only
// the stream goes to the tensors' device, and only the partial comes back.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <memory>
#include <vector>

#include "aircomp/inference/compute.hpp"
#include "model/layer_weights.hpp"
#include "model/partial_hooks.hpp"
#include "model/rotary_embedding.hpp"

namespace aircomp::inference {

/// What the half-steps need to know besides the weights.
struct TorchContext {
    const ModelConfig& config;
    const Slice& slice;
    const PartialHooks& hooks;
    const RotaryEmbedding& rotary;
    const RotaryEmbedding& local_rotary;  ///< Of layers whose attention is local.
    int threads;
};

/// Keys and values on the tensors' device: only the slice that made them looks inside.
class TorchCache {
public:
    virtual ~TorchCache() = default;
};

class TorchSlice {
public:
    virtual ~TorchSlice() = default;

    /// Copies the weights of the next layer.
    virtual void add_layer(const LayerWeights& weights) = 0;

    /// A cache of the slice, on the device.
    virtual std::shared_ptr<TorchCache> make_cache(std::int64_t capacity) const = 0;

    /// The partial of attention, MLP or both of a layer, [tokens, hidden_size], as DeviceModel has it;
    /// arguments are checked. An MLP needs no cache.
    virtual void partial(SiteKind kind, std::int64_t layer, gsl::span<const float> x,
                         std::int64_t position, TorchCache* cache, gsl::span<float> partial) = 0;

    /// Copies what is foretold of the slice's columns to the device.
    virtual void leave_out(const SitePredictions& predictions) = 0;

    /// A site's last projection, widened: [hidden_size, columns].
    virtual std::vector<float> output_weights(const Site& site) const = 0;

    /// Of all matrices.
    virtual std::size_t weight_bytes() const = 0;
};

}  // namespace aircomp::inference
