// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme mmse: L-BFGS on the combiner alone, the precoders eliminated by (6).
#include <Eigen/Core>
#include <cmath>
#include <stdexcept>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/random.hpp"
#include "best_response.hpp"
#include "inversion.hpp"

namespace aircomp::optimizer {
namespace {

using Eigen::MatrixXcd;

double inner(const MatrixXcd& a, const MatrixXcd& b) {
    return a.real().cwiseProduct(b.real()).sum() + a.imag().cwiseProduct(b.imag()).sum();
}

// One local search; allocates once, before the first iteration.
class Search {
public:
    Search(BestResponse& objective, const DesignOptions& options, Eigen::Index rows,
           Eigen::Index columns)
        : objective_(objective), options_(options) {
        for (auto* matrix : {&point, &gradient, &trial_, &trial_gradient_, &direction_}) {
            matrix->resize(rows, columns);
        }
        pairs_.resize(memory);
        for (Pair& pair : pairs_) {
            pair.step.resize(rows, columns);
            pair.change.resize(rows, columns);
        }
    }

    void run(const MatrixXcd& start) {
        point = start;
        value = evaluate(point, gradient);
        count_ = 0;
        for (int iteration = 0; iteration < options_.max_iterations; ++iteration) {
            find_direction();
            double slope = inner(gradient, direction_);
            if (!(slope < 0.0)) {
                count_ = 0;
                direction_ = -gradient;
                slope = -gradient.squaredNorm();
            }
            if (-slope <= options_.tolerance * value) break;
            if (count_ == 0) {
                const double shrink = 0.1 * point.norm() / (direction_.norm() + 1e-300);
                direction_ *= shrink;
                slope *= shrink;
            }
            if (!line_search(slope)) {
                if (count_ == 0) break;
                count_ = 0;
                continue;
            }
            ++iterations;
        }
    }

    double value = 0.0;
    MatrixXcd point, gradient;
    int iterations = 0;
    int evaluations = 0;

private:
    static constexpr int memory = 20;
    struct Pair {
        MatrixXcd step, change;
        double curvature = 0.0, weight = 0.0;
    };

    double evaluate(const MatrixXcd& A, MatrixXcd& result) {
        ++evaluations;
        return objective_.evaluate(A, result);
    }

    Pair& pair(int age) { return pairs_[(count_ - 1 - age) % memory]; }

    // Two-loop recursion.
    void find_direction() {
        direction_ = -gradient;
        const int kept = std::min(count_, memory);
        for (int age = 0; age < kept; ++age) {
            Pair& p = pair(age);
            p.weight = inner(p.step, direction_) / p.curvature;
            direction_ -= p.weight * p.change;
        }
        if (kept > 0) direction_ *= pair(0).curvature / pair(0).change.squaredNorm();
        for (int age = kept - 1; age >= 0; --age) {
            Pair& p = pair(age);
            direction_ += (p.weight - inner(p.change, direction_) / p.curvature) * p.step;
        }
    }

    // Bisection on the weak Wolfe conditions.
    bool line_search(double slope) {
        double low = 0.0, high = INFINITY, step = 1.0;
        for (int attempt = 0; attempt < 40; ++attempt) {
            trial_ = point + step * direction_;
            const double trial_value = evaluate(trial_, trial_gradient_);
            if (!(trial_value <= value + 1e-4 * step * slope)) {
                high = step;
            } else if (inner(trial_gradient_, direction_) < 0.9 * slope) {
                low = step;
            } else {
                accept(trial_value);
                return true;
            }
            step = std::isinf(high) ? 2.0 * step : 0.5 * (low + high);
        }
        return false;
    }

    void accept(double trial_value) {
        Pair& p = pairs_[count_ % memory];
        p.step = trial_ - point;
        p.change = trial_gradient_ - gradient;
        p.curvature = inner(p.step, p.change);
        if (p.curvature > 0.0) ++count_;
        point.swap(trial_);
        gradient.swap(trial_gradient_);
        value = trial_value;
    }

    BestResponse& objective_;
    const DesignOptions& options_;
    MatrixXcd trial_, trial_gradient_, direction_;
    std::vector<Pair> pairs_;
    int count_ = 0;
};

void validate(const TransceiverProblem& problem, const DesignOptions& options) {
    problem.validate();
    if (options.starts < 1) {
        throw std::invalid_argument("design options: starts: expected at least 1, found " +
                                    std::to_string(options.starts));
    }
    if (!(options.tolerance > 0.0)) {
        throw std::invalid_argument("design options: tolerance: expected above 0, found " +
                                    std::to_string(options.tolerance));
    }
    if (!options.warm_start) return;
    const MatrixXcd& A = *options.warm_start;
    if (A.rows() != problem.streams || A.cols() != problem.receive_antennas() || !A.allFinite()) {
        throw std::invalid_argument("design options: warm_start: expected finite " +
                                    std::to_string(problem.streams) + " x " +
                                    std::to_string(problem.receive_antennas()) + ", found " +
                                    std::to_string(A.rows()) + " x " + std::to_string(A.cols()));
    }
}

// The scale of a direction at which f is least, to a factor of two: f(cA) over powers of two.
MatrixXcd scaled_start(BestResponse& objective, MatrixXcd A) {
    double strongest = 0.0;
    for (const auto& device : objective.devices()) {
        strongest = std::max(strongest, (A * device.channel).norm());
    }
    A *= std::sqrt(static_cast<double>(A.rows())) / strongest;
    MatrixXcd gradient(A.rows(), A.cols());
    double value = objective.evaluate(A, gradient);
    for (const double factor : {2.0, 0.5}) {
        for (;;) {
            const double next = objective.evaluate(factor * A, gradient);
            if (!(next < value)) break;
            value = next;
            A *= factor;
        }
    }
    return A;
}

}  // namespace

Design design_mmse(const TransceiverProblem& problem, const DesignOptions& options) {
    validate(problem, options);
    BestResponse objective(problem);
    const Eigen::Index L = problem.streams, N_r = problem.receive_antennas();
    Search search(objective, options, L, N_r);
    Random random(options.seed);
    Design design;
    MatrixXcd best = MatrixXcd::Zero(L, N_r);
    double best_value = INFINITY;
    for (int start = 0; start < options.starts && !objective.devices().empty(); ++start) {
        if (start == 0 && options.warm_start) {
            search.run(objective.normalized(*options.warm_start));
        } else if (start == 0) {
            search.run(scaled_start(objective, dominant_combiner(problem)));
        } else {
            search.run(scaled_start(objective, complex_normal(random, L, N_r)));
        }
        if (search.value < best_value) {
            best_value = search.value;
            best = search.point;
            design.gradient_norm = search.gradient.norm() * search.point.norm() / search.value;
        }
    }
    design.iterations = search.iterations;
    design.evaluations = search.evaluations;
    design.transceiver = objective.transceiver(best, design.multipliers);
    design.mse = mean_square_error(problem, design.transceiver);
    design.nmse = design.mse / signal_power(problem);
    return design;
}

}  // namespace aircomp::optimizer
