// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer as its users drive it: what a device computes between two all-reduces, and what
// the coordinator computes before the first and after the last.
//
//     x = coordinator.embed(tokens)
//     for each site of the model:  residual.add(site, all-reduce of device.partial(site, x, ...), x)
//     logits = coordinator.logits(x)
//
// Vectors of several tokens are row-major [tokens, hidden_size], float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <gsl/span>
#include <memory>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/compute.hpp"
#include "aircomp/inference/reference_stream.hpp"
#include "aircomp/inference/slice.hpp"
#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// Keys and values of the KV groups that one slice needs, for all layers and up to `capacity`
/// positions, in float32. Memory grows as positions are filled. It lies where the DeviceModel that
/// fills it computes, and is of no use to another one.
class KvCache {
public:
    /// Throws std::invalid_argument unless `capacity` is 1 to the model's context.
    KvCache(const ModelConfig& config, const Slice& slice, std::int64_t capacity);
    ~KvCache();
    KvCache(KvCache&&) noexcept;
    KvCache& operator=(KvCache&&) noexcept;

    std::int64_t capacity() const;

private:
    friend class DeviceModel;
    struct Storage;
    std::unique_ptr<Storage> storage_;
};

/// What a site's last projection is applied to and what it makes of it, for whoever fits
/// predictions: see SitePrediction. The partial is as it is sent.
struct SiteInputs {
    Site site;
    std::int64_t position = 0;
    std::int64_t tokens = 0;
    gsl::span<const float> h;        ///< [tokens, hidden_size]
    gsl::span<const float> a;        ///< [tokens, columns], less what is foretold.
    gsl::span<const float> partial;  ///< [tokens, hidden_size]
};
using SiteObserver = std::function<void(const SiteInputs& inputs)>;

/// Changes in place what a device's part of a site's last projection is applied to, a vector at a
/// time: what somebody else who holds that projection would get of it.
using InputCoder = std::function<void(const Site& site, gsl::span<float> inputs)>;

/// Sees a partial, [tokens, hidden_size]; twice at sites that add up two.
using PartialObserver = std::function<void(gsl::span<const float> partial)>;

/// One device: its slice of every decoder layer. Norms are computed here as well (replicated);
/// the residual is added by the driver, once. Kernels read row slices where they lie in the
/// checkpoint's mapping and copy column slices contiguous when the object is made; libtorch has a
/// copy of all of the slice. The checkpoint must outlive the object. Its functions may be called
/// from one thread at a time.
class DeviceModel {
public:
    /// `threads`: how many threads one call may use, >= 1; they sleep between calls. `compute`: what
    /// partials are computed with. Throws std::invalid_argument for a slice beyond the model,
    /// std::runtime_error for a tensor that is missing or of another shape, and as require_compute()
    /// does.
    DeviceModel(const Checkpoint& checkpoint, const Slice& slice, int threads,
                const Compute& compute = {});
    ~DeviceModel();
    DeviceModel(DeviceModel&&) noexcept;
    DeviceModel& operator=(DeviceModel&&) noexcept;

    const Slice& slice() const;

    /// Partial of the attention output projection, equation (1), for the tokens at positions
    /// `position`, `position` + 1, ... whose residual stream is `x` [tokens, hidden_size].
    /// Writes their keys and values into `cache`, which must hold those of all earlier positions;
    /// calling it again with the same arguments gives the same result, and a smaller `position`
    /// than before overwrites what came after. Writes `partial`, same shape as `x`. Throws
    /// std::length_error, naming the limit, beyond the cache's capacity; std::invalid_argument for
    /// a cache of another slice, std::out_of_range for a layer that the model does not have.
    void attention_partial(std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                           KvCache& cache, gsl::span<float> partial) const;

    /// Partial of the MLP's down projection, equation (1); shapes as above. `position` matters only
    /// where predictions are left out.
    void mlp_partial(std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                     gsl::span<float> partial) const;

    /// Both of a layer whose attention and MLP read the same stream, added.
    void block_partial(std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                       KvCache& cache, gsl::span<float> partial) const;

    /// The partial that a site sums: one of the above.
    void partial(const Site& site, gsl::span<const float> x, std::int64_t position, KvCache& cache,
                 gsl::span<float> partial) const;

    /// From now on partials lack what is foretold of them; a ReferenceStream of the same predictions
    /// completes their sum. Throws as check_predictions() does.
    void leave_out(std::shared_ptr<const SitePredictions> predictions);

    /// From now on `observer` sees what partials are made of, at sites that have an input_width().
    void observe(SiteObserver observer);

    /// From now on what a site's last projection is applied to goes through `coder`, less what is
    /// foretold of it. `uncoded`, where it is not empty, sees each partial as it were without. Throws
    /// std::invalid_argument for a model with experts.
    void code_inputs(InputCoder coder, PartialObserver uncoded = nullptr);

    /// The columns of a site's last projection that the slice has, widened: [hidden_size, columns].
    /// Throws std::invalid_argument for a site without an input_width().
    std::vector<float> output_weights(const Site& site) const;

    /// Bytes of weights that this slice reads per token (for the latency model and benchmarks);
    /// norms and biases are not counted.
    std::size_t weight_bytes() const;

private:
    struct Weights;
    std::unique_ptr<Weights> weights_;
};

/// What only the coordinator holds: embedding, final norm, output head.
/// The checkpoint must outlive the object; one thread at a time, as above.
class CoordinatorModel {
public:
    CoordinatorModel(const Checkpoint& checkpoint, int threads);
    ~CoordinatorModel();
    CoordinatorModel(CoordinatorModel&&) noexcept;
    CoordinatorModel& operator=(CoordinatorModel&&) noexcept;

    /// Writes x [tokens, hidden_size]. Throws std::out_of_range for a token outside the vocabulary.
    void embed(gsl::span<const Token> tokens, gsl::span<float> x) const;

    /// Final norm and head: x [tokens, hidden_size] to logits [tokens, vocabulary_size].
    void logits(gsl::span<const float> x, gsl::span<float> logits) const;

    /// Bytes of the output head, which every token reads.
    std::size_t weight_bytes() const;

private:
    struct Weights;
    std::unique_ptr<Weights> weights_;
};

}  // namespace aircomp::inference
