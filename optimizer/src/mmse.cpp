// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme mmse: L-BFGS on the combiner alone, the precoders eliminated by (6).
//
// At high SNR the Hessian of f has one eigenvalue per power-limited device that grows with the SNR,
// while the rest stays of the order of the noise. So a search without a warm start begins at a
// noisier channel, where f is smooth, and follows the solution while the noise falls to its value.
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/random.hpp"
#include "best_precoder.hpp"
#include "inversion.hpp"
#include "reduced_objective.hpp"
#include "validate.hpp"

namespace aircomp::optimizer {
namespace {

using Eigen::MatrixXcd;
using Eigen::VectorXd;

// One local search after the other on the same problem; allocates on construction only.
template <int Streams>
class Search {
public:
    using Objective = ReducedObjective<Streams>;
    using Combiner = typename Objective::Combiner;

    Search(Objective& objective, Eigen::Index rows, Eigen::Index columns) : objective_(objective) {
        for (Combiner* matrix : {&point, &gradient, &trial_, &direction_}) {
            matrix->resize(rows, columns);
        }
        for (Pair& pair : pairs_) {
            pair.step.resize(rows, columns);
            pair.change.resize(rows, columns);
        }
    }

    // Descends from `point` until `window` iterations together gain less than `tolerance` of the
    // value, or nothing is left to gain.
    void descend(double tau, double tolerance, int max_iterations) {
        tau_ = tau;
        value = evaluate(point);
        gradient = objective_.gradient();
        kept_ = 0;
        double reference = value;
        for (int iteration = 1; iteration <= max_iterations; ++iteration) {
            const double slope = find_direction();
            if (!(slope < 0.0) || !line_search(slope)) {
                if (kept_ == 0) break;
                kept_ = 0;  // a stale model: once more from steepest descent
                continue;
            }
            ++iterations;
            if (iteration % window != 0) continue;
            if (reference - value <= tolerance * value) break;
            reference = value;
        }
    }

    double value = 0.0;
    Combiner point, gradient;
    int iterations = 0;
    int evaluations = 0;

private:
    static constexpr int memory = 20;
    static constexpr int window = 3;
    struct Pair {
        Combiner step, change;
        double curvature = 0.0, weight = 0.0;
    };

    static Eigen::Map<VectorXd> real(Combiner& matrix) {
        return {reinterpret_cast<double*>(matrix.data()), 2 * matrix.size()};
    }

    double evaluate(const Combiner& A) {
        ++evaluations;
        return objective_.evaluate(A, tau_);
    }

    Pair& pair(int age) { return pairs_[(kept_ - 1 - age) % memory]; }

    // Two-loop recursion; the first step is a fiftieth of the point. Returns the slope.
    double find_direction() {
        direction_ = -gradient;
        const int used = std::min(kept_, memory);
        if (used == 0) {
            direction_ *= 0.02 * point.norm() / std::max(gradient.norm(), 1e-300);
            return real(gradient).dot(real(direction_));
        }
        for (int age = 0; age < used; ++age) {
            Pair& p = pair(age);
            p.weight = real(p.step).dot(real(direction_)) / p.curvature;
            real(direction_) -= p.weight * real(p.change);
        }
        direction_ *= pair(0).curvature / pair(0).change.squaredNorm();
        for (int age = used - 1; age >= 0; --age) {
            Pair& p = pair(age);
            const double correction = real(p.change).dot(real(direction_)) / p.curvature;
            real(direction_) += (p.weight - correction) * real(p.step);
        }
        return real(gradient).dot(real(direction_));
    }

    // Bisection on the weak Wolfe conditions.
    bool line_search(double slope) {
        double low = 0.0, high = INFINITY, step = 1.0;
        for (int attempt = 0; attempt < 40; ++attempt) {
            trial_ = point + step * direction_;
            const double trial_value = evaluate(trial_);
            if (!(trial_value <= value + 1e-4 * step * slope)) {
                high = step;
            } else if (inner(objective_.gradient(), direction_) < 0.9 * slope) {
                low = step;
            } else {
                accept(trial_value);
                return true;
            }
            step = std::isinf(high) ? 2.0 * step : 0.5 * (low + high);
        }
        return false;
    }

    static double inner(const Combiner& a, Combiner& b) {
        const Eigen::Map<const VectorXd> view(reinterpret_cast<const double*>(a.data()),
                                              2 * a.size());
        return view.dot(real(b));
    }

    void accept(double trial_value) {
        Pair& p = pairs_[kept_ % memory];
        p.step = trial_ - point;
        p.change = objective_.gradient() - gradient;
        p.curvature = real(p.step).dot(real(p.change));
        if (p.curvature > 0.0) ++kept_;
        point.swap(trial_);
        gradient = objective_.gradient();
        value = trial_value;
    }

    Objective& objective_;
    double tau_ = 1.0;
    Combiner trial_, direction_;
    std::array<Pair, memory> pairs_;
    int kept_ = 0;
};

// The scale of a direction at which f is least, to a factor of two.
template <int Streams>
void scale_start(ReducedObjective<Streams>& objective, double tau,
                 typename ReducedObjective<Streams>::Combiner& A) {
    A *= std::sqrt(static_cast<double>(A.rows())) / objective.strongest(A);
    double value = objective.evaluate(A, tau);
    for (const double factor : {2.0, 0.5}) {
        for (;;) {
            A *= factor;
            const double next = objective.evaluate(A, tau);
            if (!(next < value)) break;
            value = next;
        }
        A /= factor;
    }
}

// The noise falls tenfold from stage to stage, each stage roughly solved, the last one well.
template <int Streams>
void descend_in_noise(Search<Streams>& search, double tau, const DesignOptions& options) {
    for (; tau > 1.0; tau *= 0.1)
        search.descend(tau, 1e-3, options.max_iterations);
    search.descend(1.0, options.tolerance, options.max_iterations);
}

template <int Streams>
Design solve(const TransceiverProblem& problem, const DesignOptions& options) {
    using Combiner = typename ReducedObjective<Streams>::Combiner;
    ReducedObjective<Streams> objective(problem);
    const Eigen::Index L = problem.streams, N_r = problem.receive_antennas();
    Search<Streams> search(objective, L, N_r);
    Random random(options.seed);
    Design design;
    Combiner best = Combiner::Zero(L, N_r);
    double best_value = INFINITY;
    for (int i = 0; i < options.starts && objective.strongest_channel() > 0.0; ++i) {
        if (i == 0 && options.warm_start) {
            search.point = std::sqrt(problem.noise_power_w) * *options.warm_start;
            search.descend(1.0, options.tolerance, options.max_iterations);
        } else {
            if (i == 0) {
                search.point = dominant_combiner(problem);
            } else {
                search.point = complex_normal(random, L, N_r);
            }
            const double tau = std::max(1.0, objective.strongest_channel() / 3.0);
            scale_start<Streams>(objective, tau, search.point);
            descend_in_noise(search, tau, options);
        }
        if (search.value < best_value) {
            best_value = search.value;
            best = search.point;
            design.gradient_norm = search.gradient.norm() * search.point.norm() / search.value;
        }
    }
    design.iterations = search.iterations;
    design.evaluations = search.evaluations;
    const double sigma = std::sqrt(problem.noise_power_w);
    design.transceiver = best_response(problem, best / sigma, design.multipliers);
    design.mse = mean_square_error(problem, design.transceiver);
    design.nmse = design.mse / signal_power(problem);
    return design;
}

}  // namespace

Design design_mmse(const TransceiverProblem& problem, const DesignOptions& options) {
    validate(problem, options);
    switch (problem.streams) {
        case 1:
            return solve<1>(problem, options);
        case 2:
            return solve<2>(problem, options);
        case 4:
            return solve<4>(problem, options);
        default:
            return solve<Eigen::Dynamic>(problem, options);
    }
}

}  // namespace aircomp::optimizer
