// SPDX-License-Identifier: GPL-3.0-or-later
// Hinges on top of L-BFGS: the step by its dual, one unknown per device.
#include "curvature_model.hpp"

#include <Eigen/Cholesky>

namespace aircomp::optimizer {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

CurvatureModel::CurvatureModel(Index length, Index devices)
    : hinges_{MatrixXd(length, devices), VectorXd(devices)},
      steps_(length, memory),
      rests_(length, memory),
      halfway_(length, devices),
      coupling_(devices, devices),
      factor_(devices, devices),
      offsets_(devices),
      forces_(devices),
      projection_(devices),
      rest_(length),
      scratch_(length) {
    active_.reserve(devices);
    proposed_.reserve(devices);
}

void CurvatureModel::reset(const Hinges& hinges, Index devices, double noise_curvature) {
    hinges_ = hinges;
    devices_ = devices;
    noise_curvature_ = noise_curvature;
    kept_ = 0;
}

// The hinges' share of the change is the mean of what either end expects of it.
void CurvatureModel::update(const VectorXd& step, const VectorXd& change, const Hinges& hinges,
                            double noise_curvature) {
    const Index i = kept_ % memory;
    auto rest = rests_.col(i);
    auto along = projection_.head(devices_);
    rest = change;
    const auto subtract_half = [&](const Hinges& end, double way) {
        const auto U = end.gradients.leftCols(devices_);
        const auto rho = end.values.head(devices_);
        along.noalias() = U.transpose() * step;
        along = way * ((rho + way * along).cwiseMax(0.0) - rho.cwiseMax(0.0));
        rest.noalias() -= 0.5 * (U * along);
    };
    subtract_half(hinges_, 1.0);
    subtract_half(hinges, -1.0);
    steps_.col(i) = step;
    curvatures_[i] = rest.dot(step);
    hinges_ = hinges;
    noise_curvature_ = noise_curvature;
    // Where R is not convex there is nothing to learn from.
    if (curvatures_[i] > 0.02 * noise_curvature_ * step.squaredNorm()) ++kept_;
}

// x becomes R^-1 x by the two loops of L-BFGS.
void CurvatureModel::solve_rest(VectorXd& x) {
    for (int age = 0; age < used(); ++age) {
        const int i = column(age);
        weights_[i] = steps_.col(i).dot(x) / curvatures_[i];
        x -= weights_[i] * rests_.col(i);
    }
    x /= rest_curvature();
    for (int age = used() - 1; age >= 0; --age) {
        const int i = column(age);
        x += (weights_[i] - rests_.col(i).dot(x) / curvatures_[i]) * steps_.col(i);
    }
}

// L-BFGS is R^-1 = V^T V / c + sum_i V_i^T s_i s_i^T V_i / (s_i^T y_i), V_i the first loop up to
// pair i and V all of it: the loop over all columns of U at once gives U^T R^-1 U as a sum of
// squares.
void CurvatureModel::couple_hinges() {
    auto T = coupling_.topLeftCorner(devices_, devices_);
    auto X = halfway_.leftCols(devices_);
    auto along = projection_.head(devices_);
    T.setZero();
    X = hinges_.gradients.leftCols(devices_);
    for (int age = 0; age < used(); ++age) {
        const int i = column(age);
        along.noalias() = X.transpose() * steps_.col(i);
        T.selfadjointView<Eigen::Lower>().rankUpdate(along, 1.0 / curvatures_[i]);
        along /= curvatures_[i];
        X.noalias() -= rests_.col(i) * along.transpose();
    }
    T.selfadjointView<Eigen::Lower>().rankUpdate(X.transpose(), 1.0 / rest_curvature());
}

// The forces of the active hinges balance, (I + T) alpha = offsets; the others have none.
void CurvatureModel::solve_active() {
    const Index count = static_cast<Index>(active_.size());
    auto M = factor_.topLeftCorner(count, count);
    auto x = projection_.head(count);
    for (Index j = 0; j < count; ++j) {
        for (Index i = j; i < count; ++i)
            M(i, j) = coupling_(active_[i], active_[j]);  // active_ ascends: the lower triangle
        M(j, j) += 1.0;
        x[j] = offsets_[active_[j]];
    }
    const Eigen::LLT<Eigen::Ref<MatrixXd>> llt(M);
    llt.solveInPlace(x);
    forces_.head(devices_).setZero();
    for (Index j = 0; j < count; ++j)
        forces_[active_[j]] = x[j];
}

// alpha = max(0, offsets - T alpha): solved for the set of hinges that bend, which is corrected by
// the solution until it agrees. Starts from, and where it finds no end returns to, those that bend
// now: with these alone the step descends as well.
void CurvatureModel::solve_hinges() {
    constexpr int corrections = 20;
    const auto bent_now = [&] {
        active_.clear();
        for (Index n = 0; n < devices_; ++n) {
            if (hinges_.values[n] > 0.0) active_.push_back(n);
        }
    };
    bent_now();
    solve_active();
    for (int correction = 0; correction < corrections; ++correction) {
        // rho + U^T s, but for the active ones the force itself, equal to it
        auto reach = projection_.head(devices_);
        reach = offsets_.head(devices_);
        reach.noalias() -=
            coupling_.topLeftCorner(devices_, devices_).selfadjointView<Eigen::Lower>() *
            forces_.head(devices_);
        proposed_.clear();
        for (Index n = 0; n < devices_; ++n) {
            if (reach[n] > 0.0) proposed_.push_back(n);
        }
        if (proposed_ == active_) return;
        active_.swap(proposed_);
        solve_active();
    }
    bent_now();
    solve_active();
}

void CurvatureModel::minimise(const VectorXd& gradient, VectorXd& step) {
    const auto U = hinges_.gradients.leftCols(devices_);
    const auto rho = hinges_.values.head(devices_);
    projection_.head(devices_) = rho.cwiseMax(0.0);
    rest_ = gradient;
    rest_.noalias() -= U * projection_.head(devices_);
    scratch_ = rest_;
    solve_rest(scratch_);
    offsets_.head(devices_) = rho;
    offsets_.head(devices_).noalias() -= U.transpose() * scratch_;
    couple_hinges();
    solve_hinges();
    step = -rest_;
    step.noalias() -= U * forces_.head(devices_);
    solve_rest(step);
}

}  // namespace aircomp::optimizer
