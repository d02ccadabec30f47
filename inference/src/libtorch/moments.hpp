// SPDX-License-Identifier: GPL-3.0-or-later
// The fits of calibrations, as tensors.
#pragma once

#include <cstdint>
#include <memory>

#include "model/fit_moments.hpp"

namespace aircomp::inference {

std::unique_ptr<PredictionMoments> make_prediction_moments(std::int64_t hidden_size,
                                                           std::int64_t width);
std::unique_ptr<CovarianceMoments> make_covariance_moments(std::int64_t hidden_size,
                                                           std::int64_t width, std::int64_t pieces);
std::unique_ptr<UpdateMoments> make_update_moments(std::int64_t hidden_size, std::int64_t rank);

}  // namespace aircomp::inference
