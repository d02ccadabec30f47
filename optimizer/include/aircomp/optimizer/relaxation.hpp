// SPDX-License-Identifier: GPL-3.0-or-later
// The semidefinite relaxation behind scheme sdr, with the interior-point method that solves it.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

/// A solution of: maximise t  s.t.  P_n / (v_n L) V_n^H H_n^H X H_n V_n >= t I for every device
/// that takes part, X >= 0, tr X = 1; V_n: the L dominant right singular vectors of H_n
/// (docs/system-model.md section 4).
struct Relaxation {
    Eigen::MatrixXcd X;  ///< N_r x N_r, Hermitian, unit trace, feasible with t = value
    double value = 0.0;  ///< t that X attains, 1/W times a power gain
    double bound = 0.0;  ///< no X attains more than this: a dual feasible value
    int iterations = 0;  ///< Newton steps
};

/// Path-following on the logarithmic barrier of the dual, 1 / t = max sum_n tr Y_n s.t.
/// sum_n H~_n Y_n H~_n^H <= I, Y_n >= 0: N L^2 real unknowns whatever N_r is. Stops where bound -
/// value is at most `tolerance` times bound. Throws std::invalid_argument on a bad problem or where
/// a device cannot reach all streams, and std::runtime_error where rounding stops it before the
/// tolerance is reached. `poll`, if there, is called before every Newton step; what it throws ends it.
Relaxation solve_relaxation(const TransceiverProblem& problem, double tolerance = 1e-6,
                            const std::function<void()>& poll = nullptr);

}  // namespace aircomp::optimizer
