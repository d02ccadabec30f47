// SPDX-License-Identifier: GPL-3.0-or-later
// A TorchSlice: its tensors, and what a half-step is made of.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <gsl/span>
#include <memory>
#include <vector>

#include "libtorch/steps.hpp"
#include "libtorch/tensor_cache.hpp"
#include "model/torch_slice.hpp"

namespace aircomp::inference {

class TensorSlice final : public TorchSlice {
public:
    /// As TorchPart::make_slice().
    TensorSlice(const Compute& compute, const TorchContext& context);

    void add_layer(const LayerWeights& weights) override;
    std::shared_ptr<TorchCache> make_cache(std::int64_t capacity) const override;
    void partial(SiteKind kind, std::int64_t layer, gsl::span<const float> x, std::int64_t position,
                 TorchCache* cache, gsl::span<float> partial) override;
    void leave_out(const SitePredictions& predictions) override;
    std::vector<float> output_weights(const Site& site) const override;
    std::size_t weight_bytes() const override;

private:
    struct OneMlp {
        TorchProjection gate, up, down;
    };
    struct Layer {
        TorchNorm attention_norm, query_norm, key_norm, mlp_norm;
        TorchProjection query, key, value, output;
        OneMlp mlp;  ///< Or the shared expert.
        std::vector<OneMlp> experts;
        at::Tensor router, shared_gate;  ///< float32: rounded, they would choose other experts.
    };
    struct Prediction {
        at::Tensor right, left, first;
    };

    at::Tensor upload(const WeightMatrix& matrix, at::ScalarType type);
    at::Tensor upload(gsl::span<const float> values) const;
    TorchNorm upload(const Norm& norm) const;
    TorchProjection upload(const Projection& projection);
    OneMlp upload(const Mlp& mlp);

    at::Tensor stream(gsl::span<const float> x) const;
    const Layer& layer_of(std::int64_t layer) const;
    at::Tensor attention(std::int64_t layer, const at::Tensor& x, std::int64_t position,
                         TensorCache& cache);
    at::Tensor mlp(std::int64_t layer, const at::Tensor& x, std::int64_t position) const;
    at::Tensor inside(const OneMlp& mlp, const at::Tensor& x) const;
    at::Tensor experts(const Layer& weights, const at::Tensor& x) const;
    at::Tensor finish(const Site& site, std::int64_t position, const TorchProjection& output,
                      const at::Tensor& h, const at::Tensor& a) const;
    at::Tensor finish_on_host(const Site& site, std::int64_t position,
                              const TorchProjection& output, const at::Tensor& h,
                              const at::Tensor& a) const;
    at::Tensor less_foretold(const Site& site, std::int64_t position, const at::Tensor& h,
                             const at::Tensor& a) const;

    Compute compute_;
    TorchContext context_;
    at::TensorOptions options_;  ///< Of activations.
    std::vector<Layer> layers_;
    std::vector<Prediction> predictions_;  ///< By Site::index; none: nothing is foretold.
    std::size_t weight_bytes_ = 0;
};

}  // namespace aircomp::inference
