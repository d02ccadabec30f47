// SPDX-License-Identifier: GPL-3.0-or-later
// The model of f that the search of scheme mmse steps by. Internal to the library.
//
// What bends f most is one hinge per device: its misfit is the square of a residual r_n(A) while
// its power does not reach, and 0 (or what the channel errors cost) while it does. To first order
// in a step s that is
//     1/2 max(0, rho_n + u_n^T s)^2,   rho_n = sqrt(2) r_n,   u_n = sqrt(2) grad r_n,
// for a device on either side of the hinge. The other terms bend f by the order of the noise,
// whatever the SNR: their Hessian R is learnt by L-BFGS, whose pairs keep what the hinges do not
// explain of a change of the gradient. The step minimises
//     m(s) = h^T s + 1/2 s^T R s + 1/2 sum_n max(0, rho_n + u_n^T s)^2,
// h the gradient without the hinges' share.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

namespace aircomp::optimizer {

/// The devices' hinges at a point: u_n as columns, rho_n.
struct Hinges {
    Eigen::MatrixXd gradients;
    Eigen::VectorXd values;
};

/// Works on real vectors of one length; allocates on construction only.
class CurvatureModel {
public:
    /// `length` of the vectors, number of `devices` at most.
    CurvatureModel(Eigen::Index length, Eigen::Index devices);

    /// Keeps the first `devices` hinges and the curvature of the noise, forgets all pairs.
    void reset(const Hinges& hinges, Eigen::Index devices, double noise_curvature);

    /// A step, the change of the gradient along it, hinges and noise curvature at its end.
    void update(const Eigen::VectorXd& step, const Eigen::VectorXd& change, const Hinges& hinges,
                double noise_curvature);

    /// The step that minimises m, from the gradient of f.
    void minimise(const Eigen::VectorXd& gradient, Eigen::VectorXd& step);

    /// Whether any pair is kept.
    bool learnt() const { return kept_ > 0; }

private:
    static constexpr int memory = 5;

    int column(int age) const { return (kept_ - 1 - age) % memory; }
    int used() const { return kept_ < memory ? kept_ : memory; }
    // What R is taken for where the pairs say nothing: the middle of what its spectra look like.
    double rest_curvature() const { return 2.0 * noise_curvature_; }
    void solve_rest(Eigen::VectorXd& x);
    void couple_hinges();
    void solve_hinges();
    void solve_active();

    Hinges hinges_;
    Eigen::Index devices_ = 0;
    double noise_curvature_ = 1.0;
    Eigen::MatrixXd steps_, rests_;  // pairs of R, a ring
    std::array<double, memory> curvatures_{}, weights_{};
    int kept_ = 0;
    Eigen::MatrixXd halfway_;           // the hinges' gradients after the first loop of L-BFGS
    Eigen::MatrixXd coupling_;          // U^T R^-1 U, lower triangle
    Eigen::MatrixXd factor_;            // of the active hinges' coupling
    Eigen::VectorXd offsets_, forces_;  // rho - U^T R^-1 h; max(0, rho + U^T s)
    Eigen::VectorXd projection_, rest_, scratch_;
    std::vector<Eigen::Index> active_;    // hinges that bend at the end of the step
    std::vector<Eigen::Index> proposed_;  // the same, from the last solution
};

}  // namespace aircomp::optimizer
