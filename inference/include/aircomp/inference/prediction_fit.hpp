// SPDX-License-Identifier: GPL-3.0-or-later
// Fits what the stream tells of partials (SitePrediction), and the covariance of what is left of them
// to send, from what devices see of calibration text: docs/system-model.md section 11.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aircomp/inference/decoder.hpp"

namespace aircomp::inference {

/// Ridge regression of a site's inputs `a` on its normed stream `h`. Tokens at position 0 are kept
/// apart; tokens whose sum has more than 20 times the median energy of the window are left out, as a
/// few massive activations would rule the fit.
class PredictionFit {
public:
    /// Of one site; `width` is its input_width().
    PredictionFit(std::int64_t hidden_size, std::int64_t width);
    ~PredictionFit();
    PredictionFit(PredictionFit&&) noexcept;
    PredictionFit& operator=(PredictionFit&&) noexcept;

    /// Takes in a window's tokens, of the whole model. Every fifth window is held out, to choose how
    /// much the fit is held back.
    void add(const SiteInputs& inputs);

    /// The prediction of rank `rank`: B of equation (20), of which the directions are kept that weigh
    /// most in what devices would send that hold `pieces` equal parts of `output`, the site's last
    /// projection [hidden_size, width]. Throws std::invalid_argument unless 1 <= rank and there
    /// were two windows of two tokens at least.
    SitePrediction fit(const std::vector<float>& output, std::int64_t rank,
                       std::int64_t pieces) const;

private:
    struct Moments;
    std::unique_ptr<Moments> moments_;
};

/// A symmetric transform T = I + sum_i (gains_i - 1) u_i u_i^T for vectors of hidden_size, up to a
/// factor. No vectors: the identity.
struct TransformFactors {
    std::int64_t rank = 0;
    std::vector<float> vectors;  ///< [rank, hidden_size], orthonormal.
    std::vector<float> gains;    ///< [rank], above 0; the farthest from 1 first.
};

/// The same of the `rank` gains that are farthest from 1; the others become their geometric mean with
/// the `hidden_size` - rank() gains of 1. Up to a factor, as ever.
TransformFactors with_rank(const TransformFactors& factors, std::int64_t rank,
                           std::int64_t hidden_size);

/// Gathers the covariance C = sum_n E[e_n e_n^T / mean square of x] of what is sent at a site by
/// devices that hold `pieces` equal parts of its last projection.
class CovarianceFit {
public:
    /// Of one site; `width` is its input_width().
    CovarianceFit(std::int64_t hidden_size, std::int64_t width, std::int64_t pieces);
    ~CovarianceFit();
    CovarianceFit(CovarianceFit&&) noexcept;
    CovarianceFit& operator=(CovarianceFit&&) noexcept;

    /// Takes in a window's tokens, as above, whose stream before the site is `x`.
    void add(const SiteInputs& inputs, gsl::span<const float> x);

    /// T = C^-1/4, of which the `rank` eigenvalues are kept that are farthest from the median on a log
    /// scale; the rest become their geometric mean. `output` is the last projection, [hidden_size,
    /// width].
    TransformFactors transform(const std::vector<float>& output, std::int64_t rank) const;

private:
    struct Moments;
    std::unique_ptr<Moments> moments_;
};

}  // namespace aircomp::inference
