// SPDX-License-Identifier: GPL-3.0-or-later
// A transform before the sum and its inverse after it: noise then lands where the model minds it
// least (docs/system-model.md section 11).
#pragma once

#include <Eigen/Core>
#include <gsl/span>

#include "aircomp/inference/prediction_fit.hpp"

namespace aircomp::runtime {

/// The symmetric transform of one site, the same at all devices and the server.
class SiteTransform {
public:
    /// Vectors are of `length` reals.
    SiteTransform(const inference::TransformFactors& factors, std::int64_t length);

    std::int64_t rank() const { return directions_.cols(); }

    /// v = T v, in place.
    void apply(gsl::span<float> vector) const { add_directions(vector, gains_); }
    /// v = T^-1 v, in place.
    void undo(gsl::span<float> vector) const { add_directions(vector, inverse_gains_); }

private:
    /// v += sum_i gains_i u_i (u_i^T v)
    void add_directions(gsl::span<float> vector, const Eigen::VectorXf& gains) const;

    Eigen::MatrixXf directions_;             ///< [length, rank], a u_i in each column.
    Eigen::VectorXf gains_, inverse_gains_;  ///< Less 1.
};

}  // namespace aircomp::runtime
