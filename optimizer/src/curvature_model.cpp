// SPDX-License-Identifier: GPL-3.0-or-later
// L-BFGS on top of a known low-rank part of the Hessian.
#include "curvature_model.hpp"

#include <algorithm>

namespace aircomp::optimizer {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

CurvatureModel::CurvatureModel(Index length, Index columns)
    : U_(MatrixXd::Zero(length, columns)),
      steps_(length, memory),
      rests_(length, memory),
      changes_(length, memory),
      along_(columns, memory),
      gram_(columns, columns),
      factor_(columns),
      projection_(columns) {}

void CurvatureModel::reset(const MatrixXd& U, double noise_curvature) {
    U_ = U;
    noise_curvature_ = noise_curvature;
    kept_ = 0;
}

void CurvatureModel::update(const VectorXd& step, const VectorXd& change, const MatrixXd& U,
                            double noise_curvature) {
    const Index i = kept_ % memory;
    auto rest = rests_.col(i);
    rest = change;
    const auto subtract_known_half = [&](const MatrixXd& factor) {
        projection_.noalias() = factor.transpose() * step;
        rest.noalias() -= 0.5 * (factor * projection_);
    };
    subtract_known_half(U_);  // U at either end, for half of the way
    subtract_known_half(U);
    steps_.col(i) = step;
    U_ = U;
    noise_curvature_ = noise_curvature;
    // Where R is not convex there is nothing to learn from.
    if (rest.dot(step) > 0.02 * noise_curvature_ * step.squaredNorm()) ++kept_;
}

// What R is taken for where the pairs say nothing: within what spectra of R look like.
double CurvatureModel::rest_curvature() const {
    if (kept_ == 0) return noise_curvature_;
    const auto rest = rests_.col(column(0));
    return std::clamp(rest.squaredNorm() / rest.dot(steps_.col(column(0))), 0.2 * noise_curvature_,
                      10.0 * noise_curvature_);
}

// (c I + U U^T)^-1 x = (x - U (c I + U^T U)^-1 U^T x) / c.
void CurvatureModel::solve_initial(double curvature, VectorXd& x) {
    gram_.setZero();
    gram_.selfadjointView<Eigen::Lower>().rankUpdate(U_.transpose());
    gram_.diagonal().array() += curvature;
    factor_.compute(gram_);
    projection_.noalias() = U_.transpose() * x;
    factor_.solveInPlace(projection_);
    x.noalias() -= U_ * projection_;
    x /= curvature;
}

// Two-loop recursion; the known part of every pair is the present one.
void CurvatureModel::solve(VectorXd& x) {
    const int used = std::min(kept_, memory);
    along_.leftCols(used).noalias() = U_.transpose() * steps_.leftCols(used);
    changes_.leftCols(used) = rests_.leftCols(used);
    changes_.leftCols(used).noalias() += U_ * along_.leftCols(used);
    for (int age = 0; age < used; ++age) {
        const int i = column(age);
        curvatures_[i] = steps_.col(i).dot(changes_.col(i));
        weights_[i] = steps_.col(i).dot(x) / curvatures_[i];
        x -= weights_[i] * changes_.col(i);
    }
    solve_initial(rest_curvature(), x);
    for (int age = used - 1; age >= 0; --age) {
        const int i = column(age);
        x += (weights_[i] - changes_.col(i).dot(x) / curvatures_[i]) * steps_.col(i);
    }
}

}  // namespace aircomp::optimizer
