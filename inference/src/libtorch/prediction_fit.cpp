// SPDX-License-Identifier: GPL-3.0-or-later
// Moments in float32, decompositions in float64.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "libtorch/fit_tensors.hpp"
#include "libtorch/moments.hpp"

namespace aircomp::inference {
namespace {

/// One window of this many is held out.
constexpr std::int64_t held_out_period = 5;

/// Candidates for lambda of the ridge regression.
constexpr std::array<double, 4> ridges = {1e-4, 1e-3, 1e-2, 1e-1};

/// Added to the covariances, in parts of their mean eigenvalue, so that they can be inverted.
constexpr double stream_floor = 1e-2;
constexpr double sent_floor = 1e-4;

double mean_eigenvalue(const at::Tensor& symmetric) {
    return symmetric.trace().item<double>() / static_cast<double>(symmetric.size(0));
}

at::Tensor with_floor(const at::Tensor& symmetric, double floor) {
    return symmetric +
           floor * mean_eigenvalue(symmetric) * at::eye(symmetric.size(0), symmetric.options());
}

// ---- predictions ----

/// B = (hh + lambda mean eigenvalue I)^-1 ha, [hidden_size, width].
at::Tensor regression(const Spectrum& hh, const at::Tensor& ha, double ridge) {
    const double damping = ridge * hh.values.mean().item<double>();
    return at::mm(hh.vectors / (hh.values + damping), at::mm(hh.vectors.t(), ha));
}

class PredictionTensors final : public PredictionMoments {
public:
    PredictionTensors(std::int64_t hidden_size, std::int64_t width)
        : hidden_size_(hidden_size), width_(width), first_(at::zeros({width})) {
        for (Half* const half : {&fitted_, &held_out_}) {
            half->hh = at::zeros({hidden_size, hidden_size});
            half->ha = at::zeros({hidden_size, width});
        }
    }

    void add(const SiteInputs& inputs) override;
    SitePrediction fit(const std::vector<float>& output, std::int64_t rank,
                       std::int64_t pieces) const override;

private:
    struct Half {
        at::Tensor hh, ha;  // sums of h h^T and h a^T
        std::int64_t tokens = 0;
    };

    /// A ridge regression on the windows that are not held out, for each lambda; the best on the
    /// others.
    double best_ridge(const at::Tensor& output) const;

    std::int64_t hidden_size_;
    std::int64_t width_;
    std::int64_t windows_ = 0;
    Half fitted_, held_out_;
    at::Tensor first_;
    std::int64_t first_tokens_ = 0;
};

double PredictionTensors::best_ridge(const at::Tensor& output) const {
    const Spectrum hh = spectrum_of(fitted_.hh);
    const at::Tensor ha = fitted_.ha.to(at::kDouble);
    const at::Tensor held_hh = held_out_.hh.to(at::kDouble);
    const at::Tensor held_hz = at::mm(held_out_.ha.to(at::kDouble), output.t());
    double best = ridges.back(), least = std::numeric_limits<double>::infinity();
    for (const double ridge : ridges) {
        // E||z - P h||^2 - E||z||^2 of the sum z = W a that P h = W B^T h foretells.
        const at::Tensor p = at::mm(regression(hh, ha, ridge), output.t());
        const double error =
            (at::mm(held_hh, p) * p).sum().item<double>() - 2 * (held_hz * p).sum().item<double>();
        if (error >= least) continue;
        least = error;
        best = ridge;
    }
    return best;
}

void PredictionTensors::add(const SiteInputs& inputs) {
    const at::Tensor rows = ordinary_rows(inputs, hidden_size_);
    const at::Tensor h = matrix(inputs.h, hidden_size_).index_select(0, rows);
    const at::Tensor a = matrix(inputs.a, width_);
    if (inputs.position == 0) {
        first_ += a[0];
        ++first_tokens_;
    }
    const bool held_out = windows_++ % held_out_period == held_out_period - 1;
    Half& half = held_out ? held_out_ : fitted_;
    half.hh.addmm_(h.t(), h);
    half.ha.addmm_(h.t(), a.index_select(0, rows));
    half.tokens += rows.size(0);
}

SitePrediction PredictionTensors::fit(const std::vector<float>& output, std::int64_t rank,
                                      std::int64_t pieces) const {
    if (rank < 1) throw std::invalid_argument("rank: expected at least 1");
    if (windows_ < 2 || fitted_.tokens < 2 || first_tokens_ == 0)
        throw std::invalid_argument("a prediction needs at least two windows of two tokens");
    const at::Tensor w = matrix(output, width_).to(at::kDouble);
    const double ridge = held_out_.tokens > 0 ? best_ridge(w) : ridges.back();
    const at::Tensor hh = fitted_.hh + held_out_.hh;
    const at::Tensor b =
        regression(spectrum_of(hh), (fitted_.ha + held_out_.ha).to(at::kDouble), ridge);

    // K of section 11, in whose directions B is kept.
    const Spectrum stream = spectrum_of(with_floor(
        hh.to(at::kDouble) / static_cast<double>(fitted_.tokens + held_out_.tokens), stream_floor));
    const at::Tensor root = stream.power(0.5);
    at::Tensor k = at::zeros_like(root);
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        const std::int64_t begin = width_ * piece / pieces, end = width_ * (piece + 1) / pieces;
        const at::Tensor sent =
            at::mm(root, at::mm(b.slice(1, begin, end), w.slice(1, begin, end).t()));
        k += at::mm(sent, sent.t());
    }
    rank = std::min(rank, hidden_size_);
    const at::Tensor v = std::get<1>(at::linalg_eigh(k)).slice(1, hidden_size_ - rank);

    SitePrediction prediction;
    prediction.width = width_;
    prediction.rank = rank;
    prediction.right = values_of(at::mm(v.t(), stream.power(-0.5)));
    const at::Tensor left = at::mm(b.t(), at::mm(root, v));
    prediction.left = values_of(left);
    prediction.sum_left = values_of(at::mm(w, left));
    const at::Tensor first = first_.to(at::kDouble) / static_cast<double>(first_tokens_);
    prediction.first = values_of(first);
    prediction.first_sum = values_of(at::mv(w, first));
    return prediction;
}

// ---- transforms ----

class CovarianceTensors final : public CovarianceMoments {
public:
    CovarianceTensors(std::int64_t hidden_size, std::int64_t pieces)
        : hidden_size_(hidden_size), pieces_(pieces), c_(at::zeros({hidden_size, hidden_size})) {}

    void add(const SiteInputs& inputs, gsl::span<const float> x,
             const std::vector<float>& output) override;
    TransformFactors transform(std::int64_t rank) const override;

private:
    std::int64_t hidden_size_;
    std::int64_t pieces_;
    at::Tensor c_;
    std::int64_t tokens_ = 0;
};

void CovarianceTensors::add(const SiteInputs& inputs, gsl::span<const float> x,
                            const std::vector<float>& output) {
    const std::int64_t width = static_cast<std::int64_t>(output.size()) / hidden_size_;
    const at::Tensor rows = ordinary_rows(inputs, hidden_size_);
    const at::Tensor e = matrix(inputs.a, width).index_select(0, rows) *
                         inverse_root_mean_square(x, rows, hidden_size_);
    const at::Tensor w = matrix(output, width);
    for (std::int64_t piece = 0; piece < pieces_; ++piece) {
        const std::int64_t begin = width * piece / pieces_, end = width * (piece + 1) / pieces_;
        const at::Tensor sent = at::mm(e.slice(1, begin, end), w.slice(1, begin, end).t());
        c_.addmm_(sent.t(), sent);
    }
    tokens_ += rows.size(0);
}

TransformFactors CovarianceTensors::transform(std::int64_t rank) const {
    TransformFactors factors;
    factors.rank = std::min(rank, hidden_size_);
    if (factors.rank == 0 || tokens_ == 0) return {};
    const Spectrum c = spectrum_of(with_floor(c_.to(at::kDouble), sent_floor));
    const at::Tensor log_gain = c.values.log() * -0.25;
    const at::Tensor order = (log_gain - log_gain.median()).abs().argsort(0, /*descending=*/true);
    const at::Tensor kept = order.slice(0, 0, factors.rank), rest = order.slice(0, factors.rank);
    const double common = rest.size(0) > 0 ? log_gain.index_select(0, rest).mean().item<double>()
                                           : log_gain.median().item<double>();
    factors.gains = values_of((log_gain.index_select(0, kept) - common).exp());
    factors.vectors = values_of(c.vectors.index_select(1, kept).t());
    return factors;
}

}  // namespace

std::unique_ptr<PredictionMoments> make_prediction_moments(std::int64_t hidden_size,
                                                           std::int64_t width) {
    return std::make_unique<PredictionTensors>(hidden_size, width);
}

std::unique_ptr<CovarianceMoments> make_covariance_moments(std::int64_t hidden_size,
                                                           std::int64_t pieces) {
    return std::make_unique<CovarianceTensors>(hidden_size, pieces);
}

}  // namespace aircomp::inference
