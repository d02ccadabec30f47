// SPDX-License-Identifier: GPL-3.0-or-later
// Zero forcing with a common scale, and the baseline that points the combiner at the strongest
// received subspace.
#include "inversion.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "decompositions.hpp"

namespace aircomp::optimizer {
namespace {

bool takes_part(const TransceiverProblem& problem, std::size_t n) {
    return problem.second_moments[n] > 0.0 && problem.power_w[n] > 0.0;
}

}  // namespace

Eigen::MatrixXcd dominant_combiner(const TransceiverProblem& problem) {
    const Eigen::Index N_r = problem.receive_antennas();
    Eigen::MatrixXcd covariance = Eigen::MatrixXcd::Zero(N_r, N_r);
    double strongest = 0.0;
    for (const Eigen::MatrixXcd& H : problem.channels) {
        strongest = std::max(strongest, H.cwiseAbs().maxCoeff());
    }
    if (strongest == 0.0) return Eigen::MatrixXcd::Identity(problem.streams, N_r);
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        if (!takes_part(problem, n)) continue;
        const Eigen::MatrixXcd H = problem.channels[n] / strongest;
        covariance.noalias() += H * H.adjoint();
    }
    return hermitian_eigenpairs(covariance).vectors.rightCols(problem.streams).adjoint();
}

ZeroForcingScale zero_forcing_scale(const TransceiverProblem& problem, const Eigen::MatrixXcd& G) {
    ZeroForcingScale scale;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        if (!takes_part(problem, n)) continue;
        const Eigen::MatrixXcd GH = G * problem.channels[n];
        const Eigen::MatrixXcd gram = GH * GH.adjoint();
        const Eigen::LLT<Eigen::MatrixXcd> factor(gram);
        const double cost =
            factor.matrixL().solve(Eigen::MatrixXcd::Identity(G.rows(), G.rows())).squaredNorm();
        // tr M tr M^-1 is at least the condition number, at most L^2 times that.
        if (factor.info() != Eigen::Success || !(gram.trace().real() * cost < 1e13))
            return {std::numeric_limits<double>::infinity(), n};
        const double alpha = problem.second_moments[n] / problem.power_w[n] * cost;
        if (alpha > scale.alpha) scale = {alpha, n};
    }
    return scale;
}

Design zero_forcing(const TransceiverProblem& problem, const Eigen::MatrixXcd& G) {
    const auto [alpha, limiting] = zero_forcing_scale(problem, G);
    if (!std::isfinite(alpha)) {
        throw std::invalid_argument(
            "zero forcing: a device cannot reach all " + std::to_string(problem.streams) +
            " streams (its channel is rank deficient); use scheme mmse or fewer streams");
    }
    Design design;
    design.transceiver.combiner = std::sqrt(alpha) * G;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const Eigen::MatrixXcd& H = problem.channels[n];
        Eigen::MatrixXcd B = Eigen::MatrixXcd::Zero(H.cols(), problem.streams);
        if (takes_part(problem, n)) {
            const Eigen::MatrixXcd AH = design.transceiver.combiner * H;
            B = AH.adjoint() * inverse_positive(AH * AH.adjoint());
            const double excess = problem.second_moments[n] * B.squaredNorm() / problem.power_w[n];
            if (excess > 1.0) B /= std::sqrt(excess);  // rounding of the device that sets alpha
        }
        design.transceiver.precoders.push_back(std::move(B));
    }
    design.mse = mean_square_error(problem, design.transceiver);
    design.nmse = design.mse / signal_power(problem);
    // The noise sigma^2 alpha ||G||^2 falls with the power of the device that sets alpha alone.
    design.multipliers.assign(problem.devices(), 0.0);
    if (alpha > 0.0) {
        design.multipliers[limiting] = problem.noise_power_w *
                                       design.transceiver.combiner.squaredNorm() /
                                       problem.power_w[limiting];
    }
    return design;
}

Design design_inversion(const TransceiverProblem& problem, const DesignOptions&) {
    problem.validate();
    return zero_forcing(problem, dominant_combiner(problem));
}

}  // namespace aircomp::optimizer
