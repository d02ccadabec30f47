// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme sdr, the paper's: zero forcing, the combiner from a semidefinite relaxation by Gaussian
// randomisation, scaled by the exact traces.
#include <Eigen/QR>
#include <cmath>
#include <stdexcept>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/random.hpp"
#include "aircomp/optimizer/relaxation.hpp"
#include "decompositions.hpp"
#include "inversion.hpp"

namespace aircomp::optimizer {
namespace {

// Randomisation loses percents of the bound: what is left of a part in ten thousand does not show,
// and where second moments differ by orders of magnitude rounding allows no less.
constexpr double relaxation_tolerance = 1e-4;

}  // namespace

Design design_sdr(const TransceiverProblem& problem, const DesignOptions& options) {
    const Relaxation relaxation = solve_relaxation(problem, relaxation_tolerance, options.poll);
    if (options.draws < 1) {
        throw std::invalid_argument("design options: draws: expected at least 1, found " +
                                    std::to_string(options.draws));
    }
    const Eigenpairs eigen = hermitian_eigenpairs(relaxation.X);
    const Eigen::MatrixXcd root =
        eigen.values.cwiseMax(0.0).cwiseSqrt().asDiagonal() *
        eigen.vectors.adjoint();  // root^H root = X, weakest direction first
    Random random(options.seed);
    Eigen::MatrixXcd best;
    double least = INFINITY;
    const auto consider = [&](const Eigen::MatrixXcd& G) {
        const double noise = zero_forcing_scale(problem, G).alpha * G.squaredNorm();
        if (noise < least || best.size() == 0) {
            least = noise;
            best = G;
        }
    };
    consider(root.bottomRows(problem.streams));
    for (int draw = 0; draw < options.draws; ++draw) {
        if (options.poll) options.poll();
        const Eigen::MatrixXcd G = complex_normal(random, problem.streams, root.rows()) * root;
        consider(G);
        // The same row space with orthonormal rows: mostly better, at 10 dB by a factor of 1.8.
        const Eigen::HouseholderQR<Eigen::MatrixXcd> qr(G.adjoint());
        const Eigen::MatrixXcd rows =
            qr.householderQ() * Eigen::MatrixXcd::Identity(root.rows(), problem.streams);
        consider(rows.adjoint());
    }
    Design design = zero_forcing(problem, best);
    design.iterations = relaxation.iterations;
    return design;
}

}  // namespace aircomp::optimizer
