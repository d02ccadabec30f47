// SPDX-License-Identifier: GPL-3.0-or-later
// The model that scheme mmse steps by: what it says of a device on either side of its hinge, and
// that its step is the one that minimises it.
#include "curvature_model.hpp"

#include <cmath>

#include "problems.hpp"
#include "reduced_objective.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Eigen::VectorXd;

namespace {

using Objective = ReducedObjective<2>;
using Combiner = Objective::Combiner;

VectorXd real_vector(const Combiner& matrix) {
    return Eigen::Map<const VectorXd>(reinterpret_cast<const double*>(matrix.data()),
                                      2 * matrix.size());
}

VectorXd normal(Random& random, Eigen::Index length) {
    return complex_normal(random, length, 1).real();
}

// sum_n 1/2 max(0, rho_n + u_n^T x)^2 + 1/2 x^T D x - b^T x: what the model is exact for.
struct HingedQuadratic {
    Hinges at_zero;
    VectorXd D, b;

    Hinges hinges(const VectorXd& x) const {
        return {at_zero.gradients, at_zero.values + at_zero.gradients.transpose() * x};
    }
    VectorXd gradient(const VectorXd& x) const {
        return at_zero.gradients * hinges(x).values.cwiseMax(0.0) + D.cwiseProduct(x) - b;
    }
};

HingedQuadratic draw_quadratic(Random& random, Eigen::Index length, Eigen::Index devices) {
    HingedQuadratic f{{Eigen::MatrixXd(length, devices), normal(random, devices)},
                      VectorXd::Constant(length, 2.0),
                      normal(random, length)};
    for (Eigen::Index n = 0; n < devices; ++n)
        f.at_zero.gradients.col(n) = 5.0 * normal(random, length);
    return f;
}

}  // namespace

TEST_CASE("a limited device's hinge follows its misfit") {
    Random random(81);
    for (int trial = 0; trial < 20; ++trial) {
        Objective objective(random_problem(random, 10.0, {1, 6, 3, 2}));
        const Combiner A = 0.1 * complex_normal(random, 2, 6), S = complex_normal(random, 2, 6);
        objective.evaluate(A, 1.0);
        const double slope = objective.hinges().gradients.col(0).dot(real_vector(S));
        REQUIRE(objective.hinges().values[0] > 0.0);
        const double h = 1e-6;
        const double misfit = objective.evaluate(A, 1.0) - A.squaredNorm();
        CHECK(0.5 * std::pow(objective.hinges().values[0], 2) == Approx(misfit).epsilon(1e-6));
        objective.evaluate(A + h * S, 1.0);
        const double up = objective.hinges().values[0];
        objective.evaluate(A - h * S, 1.0);
        // 1e-4: the accuracy of the secular equation, 1e-9, over h.
        CHECK((up - objective.hinges().values[0]) / (2.0 * h) ==
              Approx(slope).epsilon(1e-3).margin(1e-3));
    }
}

TEST_CASE("a device with power to spare knows how far off its hinge is") {
    Random random(82);
    for (int trial = 0; trial < 20; ++trial) {
        Objective objective(random_problem(random, 10.0, {1, 6, 3, 2}));
        const Combiner A = 5.0 * complex_normal(random, 2, 6);
        objective.evaluate(A, 1.0);
        const double rho = objective.hinges().values[0];
        REQUIRE(rho < 0.0);
        // Along A itself the model is exact: the power spent falls with the square of the scale.
        const double way = -rho / objective.hinges().gradients.col(0).dot(real_vector(A));
        REQUIRE(way < 0.0);
        objective.evaluate((1.0 + 1.001 * way) * A, 1.0);
        CHECK(objective.hinges().values[0] > 0.0);
        objective.evaluate((1.0 + 0.999 * way) * A, 1.0);
        CHECK(objective.hinges().values[0] < 0.0);
    }
}

TEST_CASE("the step is the minimum of the model, whichever hinges it crosses") {
    Random random(83);
    for (int trial = 0; trial < 100; ++trial) {
        const Eigen::Index devices = 1 + trial % 30;
        const HingedQuadratic f = draw_quadratic(random, 20, devices);
        CurvatureModel model(20, devices);
        model.reset(f.at_zero, devices, 1.0);  // takes the rest for twice that, as D is
        VectorXd step(20);
        model.minimise(f.gradient(VectorXd::Zero(20)), step);
        CHECK(f.gradient(step).norm() < 1e-9 * f.gradient(VectorXd::Zero(20)).norm());
    }
}

TEST_CASE("what the hinges leave of the curvature is learnt") {
    Random random(84);
    constexpr Eigen::Index length = 20, devices = 12;
    HingedQuadratic f = draw_quadratic(random, length, devices);
    for (Eigen::Index i = 0; i < length; ++i)
        f.D[i] = 0.5 + 3.5 * uniform(random);
    CurvatureModel model(length, devices);
    model.reset(f.at_zero, devices, 1.0);
    VectorXd x = VectorXd::Zero(length), step(length);
    for (int iteration = 0; iteration < 30; ++iteration) {
        model.minimise(f.gradient(x), step);
        model.update(step, f.gradient(x + step) - f.gradient(x), f.hinges(x + step), 1.0);
        x += step;
    }
    CHECK(model.learnt());
    CHECK(f.gradient(x).norm() < 1e-6 * f.b.norm());
}
