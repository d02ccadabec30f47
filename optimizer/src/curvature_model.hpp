// SPDX-License-Identifier: GPL-3.0-or-later
// The model of f's Hessian that the search of scheme mmse steps by. Internal to the library.
//
// At high SNR the Hessian has one large eigenvalue per power-limited device, and these turn with A;
// plain L-BFGS has to learn them anew all the time. They are known: a device whose misfit is f_n =
// r_n^2 adds, as Gauss and Newton have it, g_n g_n^T / (2 f_n), g_n its gradient. So the model is
//     B = U U^T + R,   u_n = g_n / sqrt(2 f_n),
// and only the rest R, of the order of the noise whatever the SNR, is learnt: the pairs of L-BFGS
// keep y - U U^T s, what the known part does not explain of a change of the gradient.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <array>

namespace aircomp::optimizer {

/// Works on real vectors of one length; allocates on construction only.
class CurvatureModel {
public:
    /// `length` of the vectors, `columns` of U.
    CurvatureModel(Eigen::Index length, Eigen::Index columns);

    /// Keeps U (length x columns) and the curvature of the noise, forgets all pairs.
    void reset(const Eigen::MatrixXd& U, double noise_curvature);

    /// A step, the change of the gradient along it, U and the noise curvature at its end.
    void update(const Eigen::VectorXd& step, const Eigen::VectorXd& change,
                const Eigen::MatrixXd& U, double noise_curvature);

    /// B^-1 x, in place.
    void solve(Eigen::VectorXd& x);

    /// Whether any pair is kept.
    bool learnt() const { return kept_ > 0; }

private:
    static constexpr int memory = 5;

    int column(int age) const { return (kept_ - 1 - age) % memory; }
    double rest_curvature() const;
    void solve_initial(double curvature, Eigen::VectorXd& x);

    Eigen::MatrixXd U_;
    double noise_curvature_ = 1.0;
    Eigen::MatrixXd steps_, rests_;  // pairs of R, a ring
    int kept_ = 0;
    Eigen::MatrixXd changes_, along_;  // B s of every pair, U^T s
    Eigen::MatrixXd gram_;
    Eigen::LLT<Eigen::MatrixXd> factor_;
    Eigen::VectorXd projection_;
    std::array<double, memory> weights_{}, curvatures_{};
};

}  // namespace aircomp::optimizer
