// SPDX-License-Identifier: GPL-3.0-or-later
// Moments in float32, decompositions in float64.
#include "aircomp/inference/prediction_fit.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace aircomp::inference {
namespace {

/// Times the median energy from where on a token counts as a massive activation.
constexpr float most_energy = 20;

/// One window of this many is held out.
constexpr std::int64_t held_out_period = 5;

/// Candidates for lambda of the ridge regression.
constexpr std::array<double, 4> ridges = {1e-4, 1e-3, 1e-2, 1e-1};

/// Added to the covariances, in parts of their mean eigenvalue, so that they can be inverted.
constexpr double stream_floor = 1e-2;
constexpr double sent_floor = 1e-4;

at::Tensor matrix(gsl::span<const float> values, std::int64_t columns) {
    // from_blob() takes no const pointer; the tensor is only read.
    return at::from_blob(const_cast<float*>(values.data()),
                         {static_cast<std::int64_t>(values.size()) / columns, columns}, at::kFloat);
}

std::vector<float> values_of(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.to(at::kFloat).contiguous();
    const float* const data = plain.data_ptr<float>();
    return {data, data + plain.numel()};
}

/// Rows of a window that the moments take in: not of position 0, not of massive activations.
at::Tensor ordinary_rows(const SiteInputs& inputs, std::int64_t hidden_size) {
    const at::Tensor energy = matrix(inputs.partial, hidden_size).square().sum(1);
    at::Tensor kept = energy <= most_energy * energy.median();
    if (inputs.position == 0) kept[0] = false;
    return kept.nonzero().flatten();
}

struct Spectrum {
    at::Tensor values, vectors;

    /// The same vectors with values^exponent.
    at::Tensor power(double exponent) const {
        return at::mm(vectors * values.pow(exponent), vectors.t());
    }
};

/// Of a symmetric matrix whose eigenvalues are kept from being 0.
Spectrum spectrum_of(const at::Tensor& symmetric) {
    auto [values, vectors] = at::linalg_eigh(symmetric.to(at::kDouble));
    return {values.clamp_min(values.max().item<double>() * 1e-9), vectors};
}

double mean_eigenvalue(const at::Tensor& symmetric) {
    return symmetric.trace().item<double>() / static_cast<double>(symmetric.size(0));
}

at::Tensor with_floor(const at::Tensor& symmetric, double floor) {
    return symmetric +
           floor * mean_eigenvalue(symmetric) * at::eye(symmetric.size(0), symmetric.options());
}

}  // namespace

// ---- predictions ----

struct PredictionFit::Moments {
    struct Half {
        at::Tensor hh, ha;  // sums of h h^T and h a^T
        std::int64_t tokens = 0;
    };

    /// A ridge regression on the windows that are not held out, for each lambda; the best on the
    /// others.
    double best_ridge(const at::Tensor& output) const;

    std::int64_t hidden_size;
    std::int64_t width;
    std::int64_t windows = 0;
    Half fitted, held_out;
    at::Tensor first;
    std::int64_t first_tokens = 0;
};

namespace {

/// B = (hh + lambda mean eigenvalue I)^-1 ha, [hidden_size, width].
at::Tensor regression(const Spectrum& hh, const at::Tensor& ha, double ridge) {
    const double damping = ridge * hh.values.mean().item<double>();
    return at::mm(hh.vectors / (hh.values + damping), at::mm(hh.vectors.t(), ha));
}

}  // namespace

double PredictionFit::Moments::best_ridge(const at::Tensor& output) const {
    const Spectrum hh = spectrum_of(fitted.hh);
    const at::Tensor ha = fitted.ha.to(at::kDouble);
    const at::Tensor held_hh = held_out.hh.to(at::kDouble);
    const at::Tensor held_hz = at::mm(held_out.ha.to(at::kDouble), output.t());
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

PredictionFit::PredictionFit(std::int64_t hidden_size, std::int64_t width)
    : moments_(new Moments{hidden_size, width, 0, {}, {}, at::zeros({width}), 0}) {
    for (auto* half : {&moments_->fitted, &moments_->held_out}) {
        half->hh = at::zeros({hidden_size, hidden_size});
        half->ha = at::zeros({hidden_size, width});
    }
}

PredictionFit::~PredictionFit() = default;
PredictionFit::PredictionFit(PredictionFit&&) noexcept = default;
PredictionFit& PredictionFit::operator=(PredictionFit&&) noexcept = default;

void PredictionFit::add(const SiteInputs& inputs) {
    const at::Tensor rows = ordinary_rows(inputs, moments_->hidden_size);
    const at::Tensor h = matrix(inputs.h, moments_->hidden_size).index_select(0, rows);
    const at::Tensor a = matrix(inputs.a, moments_->width);
    if (inputs.position == 0) {
        moments_->first += a[0];
        ++moments_->first_tokens;
    }
    const bool held_out = moments_->windows++ % held_out_period == held_out_period - 1;
    Moments::Half& half = held_out ? moments_->held_out : moments_->fitted;
    half.hh.addmm_(h.t(), h);
    half.ha.addmm_(h.t(), a.index_select(0, rows));
    half.tokens += rows.size(0);
}

SitePrediction PredictionFit::fit(const std::vector<float>& output, std::int64_t rank,
                                  std::int64_t pieces) const {
    const Moments& m = *moments_;
    if (rank < 1) throw std::invalid_argument("rank: expected at least 1");
    if (m.windows < 2 || m.fitted.tokens < 2 || m.first_tokens == 0)
        throw std::invalid_argument("a prediction needs at least two windows of two tokens");
    const at::Tensor w = matrix(output, m.width).to(at::kDouble);
    const double ridge = m.held_out.tokens > 0 ? m.best_ridge(w) : ridges.back();
    const at::Tensor hh = m.fitted.hh + m.held_out.hh;
    const at::Tensor b =
        regression(spectrum_of(hh), (m.fitted.ha + m.held_out.ha).to(at::kDouble), ridge);

    // K of section 11, in whose directions B is kept.
    const Spectrum stream = spectrum_of(
        with_floor(hh.to(at::kDouble) / static_cast<double>(m.fitted.tokens + m.held_out.tokens),
                   stream_floor));
    const at::Tensor root = stream.power(0.5);
    at::Tensor k = at::zeros_like(root);
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        const std::int64_t begin = m.width * piece / pieces, end = m.width * (piece + 1) / pieces;
        const at::Tensor sent =
            at::mm(root, at::mm(b.slice(1, begin, end), w.slice(1, begin, end).t()));
        k += at::mm(sent, sent.t());
    }
    rank = std::min(rank, m.hidden_size);
    const at::Tensor v = std::get<1>(at::linalg_eigh(k)).slice(1, m.hidden_size - rank);

    SitePrediction prediction;
    prediction.width = m.width;
    prediction.rank = rank;
    prediction.right = values_of(at::mm(v.t(), stream.power(-0.5)));
    const at::Tensor left = at::mm(b.t(), at::mm(root, v));
    prediction.left = values_of(left);
    prediction.sum_left = values_of(at::mm(w, left));
    const at::Tensor first = m.first.to(at::kDouble) / static_cast<double>(m.first_tokens);
    prediction.first = values_of(first);
    prediction.first_sum = values_of(at::mv(w, first));
    return prediction;
}

// ---- transforms ----

struct CovarianceFit::Moments {
    std::int64_t hidden_size;
    std::int64_t pieces;
    at::Tensor c;
    std::int64_t tokens = 0;
};

CovarianceFit::CovarianceFit(std::int64_t hidden_size, std::int64_t pieces)
    : moments_(new Moments{hidden_size, pieces, at::zeros({hidden_size, hidden_size})}) {}

CovarianceFit::~CovarianceFit() = default;
CovarianceFit::CovarianceFit(CovarianceFit&&) noexcept = default;
CovarianceFit& CovarianceFit::operator=(CovarianceFit&&) noexcept = default;

void CovarianceFit::add(const SiteInputs& inputs, gsl::span<const float> x,
                        const std::vector<float>& output) {
    Moments& m = *moments_;
    const std::int64_t width = static_cast<std::int64_t>(output.size()) / m.hidden_size;
    const at::Tensor rows = ordinary_rows(inputs, m.hidden_size);
    const at::Tensor weight = matrix(x, m.hidden_size)
                                  .index_select(0, rows)
                                  .square()
                                  .mean(1, true)
                                  .clamp_min(1e-30)
                                  .rsqrt();
    const at::Tensor e = matrix(inputs.a, width).index_select(0, rows) * weight;
    const at::Tensor w = matrix(output, width);
    for (std::int64_t piece = 0; piece < m.pieces; ++piece) {
        const std::int64_t begin = width * piece / m.pieces, end = width * (piece + 1) / m.pieces;
        const at::Tensor sent = at::mm(e.slice(1, begin, end), w.slice(1, begin, end).t());
        m.c.addmm_(sent.t(), sent);
    }
    m.tokens += rows.size(0);
}

TransformFactors CovarianceFit::transform(std::int64_t rank) const {
    const Moments& m = *moments_;
    TransformFactors factors;
    factors.rank = std::min(rank, m.hidden_size);
    if (factors.rank == 0 || m.tokens == 0) return {};
    const Spectrum c = spectrum_of(with_floor(m.c.to(at::kDouble), sent_floor));
    const at::Tensor log_gain = c.values.log() * -0.25;
    const at::Tensor order = (log_gain - log_gain.median()).abs().argsort(0, /*descending=*/true);
    const at::Tensor kept = order.slice(0, 0, factors.rank), rest = order.slice(0, factors.rank);
    const double common = rest.size(0) > 0 ? log_gain.index_select(0, rest).mean().item<double>()
                                           : log_gain.median().item<double>();
    factors.gains = values_of((log_gain.index_select(0, kept) - common).exp());
    factors.vectors = values_of(c.vectors.index_select(1, kept).t());
    return factors;
}

TransformFactors with_rank(const TransformFactors& factors, std::int64_t rank,
                           std::int64_t hidden_size) {
    if (rank >= factors.rank) return factors;
    if (rank < 0) throw std::invalid_argument("rank: expected at least 0");
    const auto kept = static_cast<std::size_t>(rank);
    double log_sum = 0;
    for (std::size_t i = kept; i < factors.gains.size(); ++i)
        log_sum += std::log(factors.gains[i]);
    const auto common =
        static_cast<float>(std::exp(log_sum / static_cast<double>(hidden_size - rank)));
    TransformFactors cut;
    cut.rank = rank;
    cut.vectors.assign(factors.vectors.begin(),
                       factors.vectors.begin() + static_cast<std::ptrdiff_t>(rank * hidden_size));
    for (std::size_t i = 0; i < kept; ++i)
        cut.gains.push_back(factors.gains[i] / common);
    return cut;
}

}  // namespace aircomp::inference
