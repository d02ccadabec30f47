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

/// Columns of a site's inputs that one of equal devices has.
struct Columns {
    std::int64_t begin, end;

    at::Tensor of(const at::Tensor& matrix) const { return matrix.slice(1, begin, end); }
};

Columns columns_of(std::int64_t width, std::int64_t piece, std::int64_t pieces) {
    return {width * piece / pieces, width * (piece + 1) / pieces};
}

// ---- predictions ----

/// (hh + lambda mean eigenvalue I)^-1 hy: B^T for hy = h a^T, [hidden_size, width], and what
/// foretells y for any other.
at::Tensor regression(const Spectrum& hh, const at::Tensor& hy, double ridge) {
    const double damping = ridge * hh.values.mean().item<double>();
    return at::mm(hh.vectors / (hh.values + damping), at::mm(hh.vectors.t(), hy));
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
    // The sum z = W a in place of a: it has fewer values.
    const at::Tensor hz = at::mm(fitted_.ha.to(at::kDouble), output.t());
    const at::Tensor held_hh = held_out_.hh.to(at::kDouble);
    const at::Tensor held_hz = at::mm(held_out_.ha.to(at::kDouble), output.t());
    double best = ridges.back(), least = std::numeric_limits<double>::infinity();
    for (const double ridge : ridges) {
        // E||z - P h||^2 - E||z||^2 of what P h = W B^T h foretells.
        const at::Tensor p = regression(hh, hz, ridge);
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
    const Spectrum hh = spectrum_of(fitted_.hh + held_out_.hh);
    const at::Tensor b = regression(hh, (fitted_.ha + held_out_.ha).to(at::kDouble), ridge);

    // K of section 11, in whose directions B is kept.
    const Spectrum stream = {(hh.values + stream_floor * hh.values.mean()) /
                                 static_cast<double>(fitted_.tokens + held_out_.tokens),
                             hh.vectors};
    const at::Tensor root = stream.power(0.5);
    at::Tensor sent = at::zeros_like(root);
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        const Columns columns = columns_of(width_, piece, pieces);
        const at::Tensor b_n = columns.of(b), w_n = columns.of(w);
        sent += at::mm(at::mm(b_n, at::mm(w_n.t(), w_n)), b_n.t());
    }
    rank = std::min(rank, hidden_size_);
    const at::Tensor k = at::mm(root, at::mm(sent, root));
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
    CovarianceTensors(std::int64_t hidden_size, std::int64_t width, std::int64_t pieces)
        : hidden_size_(hidden_size), width_(width) {
        for (std::int64_t piece = 0; piece < pieces; ++piece) {
            const Columns columns = columns_of(width, piece, pieces);
            const std::int64_t size = columns.end - columns.begin;
            pieces_.push_back({columns, at::zeros({size, size})});
        }
    }

    void add(const SiteInputs& inputs, gsl::span<const float> x) override;
    TransformFactors transform(const std::vector<float>& output, std::int64_t rank) const override;

private:
    struct Piece {
        Columns columns;
        at::Tensor aa;  // sum of a_n a_n^T over the mean square of x
    };

    std::int64_t hidden_size_;
    std::int64_t width_;
    std::vector<Piece> pieces_;
    std::int64_t tokens_ = 0;
};

void CovarianceTensors::add(const SiteInputs& inputs, gsl::span<const float> x) {
    const at::Tensor rows = ordinary_rows(inputs, hidden_size_);
    const at::Tensor a = matrix(inputs.a, width_).index_select(0, rows) *
                         inverse_root_mean_square(x, rows, hidden_size_);
    for (Piece& piece : pieces_) {
        const at::Tensor a_n = piece.columns.of(a);
        piece.aa.addmm_(a_n.t(), a_n);
    }
    tokens_ += rows.size(0);
}

TransformFactors CovarianceTensors::transform(const std::vector<float>& output,
                                              std::int64_t rank) const {
    TransformFactors factors;
    factors.rank = std::min(rank, hidden_size_);
    if (factors.rank == 0 || tokens_ == 0) return {};
    const at::Tensor w = matrix(output, width_).to(at::kDouble);
    // Of e_n = W_n a_n: W_n E[a_n a_n^T] W_n^T.
    at::Tensor sent = at::zeros({hidden_size_, hidden_size_}, at::kDouble);
    for (const Piece& piece : pieces_) {
        const at::Tensor w_n = piece.columns.of(w);
        sent += at::mm(at::mm(w_n, piece.aa.to(at::kDouble)), w_n.t());
    }
    Spectrum c = spectrum_of(sent);
    c.values = c.values + sent_floor * c.values.mean();
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
                                                           std::int64_t width,
                                                           std::int64_t pieces) {
    return std::make_unique<CovarianceTensors>(hidden_size, width, pieces);
}

}  // namespace aircomp::inference
