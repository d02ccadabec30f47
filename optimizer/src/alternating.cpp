// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes that move between precoders and combiner: alternating minimisation, the textbook method
// that mmse is compared with, and uniform, one step from precoders that ignore the channels' gains.
#include <cmath>

#include "aircomp/optimizer/design.hpp"
#include "best_precoder.hpp"
#include "decompositions.hpp"
#include "inversion.hpp"
#include "validate.hpp"

namespace aircomp::optimizer {
namespace {

using Eigen::MatrixXcd;

// The A that minimises (4) for given precoders: one linear system.
MatrixXcd best_combiner(const TransceiverProblem& problem, const std::vector<MatrixXcd>& B) {
    const Eigen::Index N_r = problem.receive_antennas();
    MatrixXcd covariance = MatrixXcd::Zero(N_r, N_r);
    MatrixXcd cross = MatrixXcd::Zero(N_r, problem.streams);
    double ridge = problem.noise_power_w;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double v = problem.second_moments[n];
        const MatrixXcd HB = problem.channels[n] * B[n];
        covariance.noalias() += v * HB * HB.adjoint();
        cross += v * HB;
        ridge += v * problem.error_variance(n) * B[n].squaredNorm();
    }
    covariance.diagonal().array() += ridge;
    return solve_positive(covariance, cross).adjoint();
}

void evaluate(const TransceiverProblem& problem, Design& design) {
    design.mse = mean_square_error(problem, design.transceiver);
    design.nmse = design.mse / signal_power(problem);
}

}  // namespace

Design design_alternating(const TransceiverProblem& problem, const DesignOptions& options) {
    validate(problem, options);
    Design design;
    MatrixXcd A =
        options.warm_start ? *options.warm_start : design_uniform(problem).transceiver.combiner;
    double before = INFINITY;
    for (design.iterations = 1; design.iterations <= options.max_iterations; ++design.iterations) {
        if (options.poll) options.poll();
        design.transceiver = best_response(problem, A, design.multipliers);
        evaluate(problem, design);
        if (before - design.mse <= options.tolerance * design.mse) break;
        before = design.mse;
        A = best_combiner(problem, design.transceiver.precoders);
    }
    return design;
}

Design design_uniform(const TransceiverProblem& problem, const DesignOptions&) {
    problem.validate();
    Design design;
    const MatrixXcd U = dominant_combiner(problem);
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        // The unitary precoder nearest to the matched filter for U: phases agree, gains do not.
        const double v = problem.second_moments[n];
        const ThinSvd svd = thin_svd((U * problem.channels[n]).adjoint());
        const double amplitude =
            v > 0.0 ? std::sqrt(problem.power_w[n] / (v * problem.streams)) : 0.0;
        design.transceiver.precoders.push_back(amplitude * svd.U * svd.V.adjoint());
    }
    design.transceiver.combiner = best_combiner(problem, design.transceiver.precoders);
    evaluate(problem, design);
    return design;
}

}  // namespace aircomp::optimizer
