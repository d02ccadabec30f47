// SPDX-License-Identifier: GPL-3.0-or-later
// What the fits of a calibration gather of its text, and what they make of it: with libtorch.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/prediction_fit.hpp"
#include "aircomp/inference/update_basis.hpp"

namespace aircomp::inference {

/// Behind a PredictionFit.
class PredictionMoments {
public:
    virtual ~PredictionMoments() = default;
    virtual void add(const SiteInputs& inputs) = 0;
    virtual SitePrediction fit(const std::vector<float>& output, std::int64_t rank,
                               std::int64_t pieces) const = 0;
};

/// Behind a CovarianceFit.
class CovarianceMoments {
public:
    virtual ~CovarianceMoments() = default;
    virtual void add(const SiteInputs& inputs, gsl::span<const float> x) = 0;
    virtual TransformFactors transform(const std::vector<float>& output,
                                       std::int64_t rank) const = 0;
};

/// Behind an UpdateFit.
class UpdateMoments {
public:
    virtual ~UpdateMoments() = default;
    virtual void add(const SiteInputs& inputs, gsl::span<const float> x) = 0;
    virtual UpdateBasis basis() const = 0;
};

}  // namespace aircomp::inference
