// SPDX-License-Identifier: GPL-3.0-or-later
// Equation (6): the precoder of one device for a given combiner. Internal to the library.
#pragma once

#include <Eigen/Core>

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

struct PrecoderAnswer {
    Eigen::MatrixXcd precoder;  // N_t x L
    double multiplier = 0.0;    // lambda_n of (6), 1/W
};

/// Smallest mu >= floor with sum_i d_i / (d_i + mu)^2 <= budget, for d_i >= 0.
double power_multiplier(const Eigen::VectorXd& d, double budget, double floor);

/// What a device that sees the effective channel G = A H_n (L x N_t,n) does with power P_n for
/// second moment v_n, when the server's combiner has ||A||_F^2 = combiner_power and its channel
/// knowledge has the given error variance. Zero where v_n or P_n is zero.
PrecoderAnswer best_precoder(const Eigen::MatrixXcd& G, double power_w, double second_moment,
                             double error_variance, double combiner_power);

/// Every device's answer to the combiner A; multipliers as in Design.
Transceiver best_response(const TransceiverProblem& problem, const Eigen::MatrixXcd& A,
                          std::vector<double>& multipliers);

}  // namespace aircomp::optimizer
