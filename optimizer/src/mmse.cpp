// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme mmse: a quasi-Newton method on the combiner alone, the precoders eliminated by (6).
//
// A search without a warm start begins with the eight weakest devices, and at a noisier channel
// where theirs are far above the noise: f is smoother there, has fewer poor local minima and costs
// less. It follows the solution while the noise falls to its value and the devices double to all of
// them.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/random.hpp"
#include "best_precoder.hpp"
#include "curvature_model.hpp"
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

    Search(Objective& objective, Eigen::Index rows, Eigen::Index columns)
        : objective_(objective),
          trial_(rows, columns),
          step_(2 * rows * columns),
          change_(2 * rows * columns),
          gradient_(2 * rows * columns),
          direction_(2 * rows * columns),
          model_(2 * rows * columns, objective.devices()) {}

    // Descends from `point` until the next step promises to gain less than `tolerance` of the
    // value, or nothing is left to gain.
    void descend(double tau, double tolerance, const DesignOptions& options) {
        tau_ = tau;
        value = evaluate(point);
        gradient_ = real(objective_.gradient());
        forget();
        for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
            if (options.poll) options.poll();
            model_.minimise(gradient_, direction_);
            const double slope = gradient_.dot(direction_);
            if (-slope <= tolerance * value) break;
            if (!(slope < 0.0) || !line_search(slope)) {
                if (!model_.learnt()) break;
                evaluate(point);  // a stale model: once more without it
                forget();
                continue;
            }
            ++iterations;
        }
    }

    double gradient_norm() const { return gradient_.norm() * point.norm() / value; }

    double value = 0.0;
    Combiner point;
    int iterations = 0;
    int evaluations = 0;
    std::int64_t device_evaluations = 0;

private:
    static Eigen::Map<const VectorXd> real(const Combiner& matrix) {
        return {reinterpret_cast<const double*>(matrix.data()), 2 * matrix.size()};
    }

    void forget() {
        model_.reset(objective_.hinges(), objective_.used(), objective_.noise_curvature());
    }

    double evaluate(const Combiner& A) {
        ++evaluations;
        device_evaluations += objective_.used();
        return objective_.evaluate(A, tau_);
    }

    // The weak Wolfe conditions: where a step gains too little, the minimum of the parabola through
    // what is known, kept off the ends of the interval.
    bool line_search(double slope) {
        double low = 0.0, high = INFINITY, step = 1.0;
        for (int attempt = 0; attempt < 40; ++attempt) {
            step_ = step * direction_;
            trial_ = point;
            Eigen::Map<VectorXd>(reinterpret_cast<double*>(trial_.data()), step_.size()) += step_;
            const double trial_value = evaluate(trial_);
            if (!(trial_value <= value + 1e-4 * step * slope)) {
                high = step;
                const double excess = trial_value - value - slope * step;
                const double least = -0.5 * slope * step * step / excess;
                const double width = high - low;
                step = std::isfinite(least)
                           ? std::clamp(least, low + 0.1 * width, low + 0.5 * width)
                           : low + 0.5 * width;
            } else if (real(objective_.gradient()).dot(direction_) < 0.9 * slope) {
                low = step;
                step = std::isinf(high) ? 2.0 * step : 0.5 * (low + high);
            } else {
                accept(trial_value);
                return true;
            }
        }
        return false;
    }

    void accept(double trial_value) {
        change_ = real(objective_.gradient()) - gradient_;
        model_.update(step_, change_, objective_.hinges(), objective_.noise_curvature());
        point.swap(trial_);
        gradient_ = real(objective_.gradient());
        value = trial_value;
    }

    Objective& objective_;
    double tau_ = 1.0;
    Combiner trial_;
    VectorXd step_, change_, gradient_, direction_;
    CurvatureModel model_;
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

// The noise falls tenfold from stage to stage, then the devices double; each stage roughly solved,
// the last one well. `point` is a direction to start in, or the dominant one where it is empty.
template <int Streams>
void descend_cold(Search<Streams>& search, ReducedObjective<Streams>& objective,
                  const DesignOptions& options,
                  const typename ReducedObjective<Streams>::Combiner& start) {
    constexpr Eigen::Index first_devices = 8;
    constexpr double rough = 1e-3;
    constexpr double smooth_snr = 3.0;  // between two antennas; no stage starts above
    objective.use_weakest(first_devices);
    search.point = start.size() > 0 ? start : objective.dominant_combiner();
    double tau = std::max(1.0, objective.strongest_channel() / smooth_snr);
    scale_start<Streams>(objective, tau, search.point);
    while (tau > 1.0) {
        search.descend(tau, rough, options);
        tau /= 10.0;
    }
    for (; objective.used() < objective.devices(); objective.use_weakest(2 * objective.used()))
        search.descend(1.0, rough, options);
    search.descend(1.0, options.tolerance, options);
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
    for (int i = 0; i < options.starts && objective.devices() > 0; ++i) {
        if (i == 0 && options.warm_start) {
            search.point = std::sqrt(problem.noise_power_w) * *options.warm_start;
            search.descend(1.0, options.tolerance, options);
        } else {
            descend_cold<Streams>(search, objective, options,
                                  i == 0 ? Combiner() : Combiner(complex_normal(random, L, N_r)));
        }
        if (search.value < best_value) {
            best_value = search.value;
            best = search.point;
            design.gradient_norm = search.gradient_norm();
        }
    }
    design.iterations = search.iterations;
    design.evaluations = search.evaluations;
    design.device_evaluations = search.device_evaluations;
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
