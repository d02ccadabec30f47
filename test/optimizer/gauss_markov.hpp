// SPDX-License-Identifier: GPL-3.0-or-later
// Rayleigh channels that move by steps, for the optimizer's tests and benchmarks.
#pragma once

#include <cmath>

#include "aircomp/optimizer/random.hpp"

namespace aircomp::optimizer {

/// First-order Gauss-Markov step of a Rayleigh channel: H' = rho H + sqrt(1 - rho^2) innovation.
/// With `path_gain` the mean power of an entry, the marginal distribution is unchanged.
inline Eigen::MatrixXcd gauss_markov_step(const Eigen::MatrixXcd& H, double path_gain,
                                          double correlation, Random& random) {
    const double innovation = std::sqrt((1.0 - correlation * correlation) * path_gain);
    return correlation * H + innovation * complex_normal(random, H.rows(), H.cols());
}

}  // namespace aircomp::optimizer
