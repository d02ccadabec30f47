// SPDX-License-Identifier: GPL-3.0-or-later
// The fits of predictions and transforms as users have them; the part of libtorch computes them.
#include "aircomp/inference/prediction_fit.hpp"

#include <cmath>
#include <stdexcept>

#include "model/torch_part.hpp"

namespace aircomp::inference {

// ---- predictions ----

struct PredictionFit::Moments {
    std::unique_ptr<PredictionMoments> tensors;
};

PredictionFit::PredictionFit(std::int64_t hidden_size, std::int64_t width)
    : moments_(new Moments{torch_part().prediction_moments(hidden_size, width)}) {}

PredictionFit::~PredictionFit() = default;
PredictionFit::PredictionFit(PredictionFit&&) noexcept = default;
PredictionFit& PredictionFit::operator=(PredictionFit&&) noexcept = default;

void PredictionFit::add(const SiteInputs& inputs) {
    moments_->tensors->add(inputs);
}

SitePrediction PredictionFit::fit(const std::vector<float>& output, std::int64_t rank,
                                  std::int64_t pieces) const {
    return moments_->tensors->fit(output, rank, pieces);
}

// ---- transforms ----

struct CovarianceFit::Moments {
    std::unique_ptr<CovarianceMoments> tensors;
};

CovarianceFit::CovarianceFit(std::int64_t hidden_size, std::int64_t width, std::int64_t pieces)
    : moments_(new Moments{torch_part().covariance_moments(hidden_size, width, pieces)}) {}

CovarianceFit::~CovarianceFit() = default;
CovarianceFit::CovarianceFit(CovarianceFit&&) noexcept = default;
CovarianceFit& CovarianceFit::operator=(CovarianceFit&&) noexcept = default;

void CovarianceFit::add(const SiteInputs& inputs, gsl::span<const float> x) {
    moments_->tensors->add(inputs, x);
}

TransformFactors CovarianceFit::transform(const std::vector<float>& output,
                                          std::int64_t rank) const {
    return moments_->tensors->transform(output, rank);
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
