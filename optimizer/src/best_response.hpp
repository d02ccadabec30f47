// SPDX-License-Identifier: GPL-3.0-or-later
// Equation (6): what the devices do for a given combiner, and the objective f(A) that is left when
// they do it, with its gradient (7). Internal to the library.
//
// Inside, the problem is normalised so that every power and the noise are 1: with
// H^_n = H_n sqrt(P_n / v_n) / sigma, A^ = sigma A and B^_n = sqrt(v_n / P_n) B_n, (4) reads
//     sum_n v_n ||A^ H^_n B^_n - I||^2 + (1 + sum_n v_n e^_n ||B^_n||^2) ||A^||^2,  ||B^_n||^2
//     <= 1.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <vector>

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

/// Smallest mu >= floor with sum_i d_i / (d_i + mu)^2 <= 1, for d_i >= 0: the multiplier of a
/// device of unit power whose effective channel has the squared singular values d.
double power_multiplier(const Eigen::VectorXd& d, double floor);

/// f(A) = min_B MSE(A, B) of one problem. Evaluations allocate nothing.
class BestResponse {
public:
    /// `problem` must be valid and outlive this object.
    explicit BestResponse(const TransceiverProblem& problem);

    /// f at the normalised combiner A^ (L x N_r), gradient with respect to (Re A^, Im A^) as one
    /// complex matrix.
    double evaluate(const Eigen::MatrixXcd& A, Eigen::MatrixXcd& gradient);

    /// The transceiver in physical units: A = A^ / sigma and the best precoders. Multipliers as in
    /// Design::multipliers.
    Transceiver transceiver(const Eigen::MatrixXcd& A, std::vector<double>& multipliers);

    Eigen::MatrixXcd normalized(const Eigen::MatrixXcd& physical_combiner) const {
        return sigma_ * physical_combiner;
    }

    /// Normalised channels H^_n of the devices that take part, and their weights v_n.
    struct Device {
        std::size_t index;           // in the problem
        Eigen::MatrixXcd channel;    // H^_n
        double second_moment;        // v_n
        double error_variance;       // e^_n = e_n P_n / (v_n sigma^2)
        Eigen::MatrixXcd effective;  // G = A^ H^_n, scratch
        Eigen::MatrixXcd weighted;   // scratch
    };
    const std::vector<Device>& devices() const { return devices_; }

private:
    // Eigendecomposition of G G^H at A and the multiplier mu = e^ ||A||^2 + lambda.
    double respond(Device& device, const Eigen::MatrixXcd& A, double combiner_power);

    const TransceiverProblem& problem_;
    double sigma_;
    double constant_ = 0.0;  // L sum of v_n over devices that cannot transmit
    std::vector<Device> devices_;
    Eigen::MatrixXcd gram_, scaled_;
    Eigen::VectorXd d_;
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> eigen_;
};

}  // namespace aircomp::optimizer
