// SPDX-License-Identifier: GPL-3.0-or-later
// Short-timescale design schemes: each solves problem (5) of docs/system-model.md, exactly or
// approximately, and is known by name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

/// How much work a design may do. A scheme ignores what does not concern it.
struct DesignOptions {
    int starts = 1;             ///< mmse: local searches; the first from a good guess
    std::uint64_t seed = 1;     ///< of random starts and randomisation
    int draws = 100;            ///< sdr: Gaussian randomisations
    double tolerance = 1e-6;    ///< relative accuracy of the objective aimed at
    int max_iterations = 2000;  ///< per start
    /// Combiner, L x N_r, of a neighbouring problem (the previous block, the next resource block):
    /// the first start of the schemes that iterate.
    std::optional<Eigen::MatrixXcd> warm_start;
    /// Called before every step of the schemes that iterate, if there; what it throws ends the design.
    std::function<void()> poll = {};
};

/// A transceiver and what is known about it.
struct Design {
    Transceiver transceiver;
    double mse = 0.0;   ///< (4) of the transceiver, channel errors included
    double nmse = 0.0;  ///< mse over L sum_n v_n
    /// lambda_n of (6), 1/W: d mse / d P_n = -lambda_n at a local optimum (8). Empty where a scheme
    /// does not compute them; 0 for a device that takes no part.
    std::vector<double> multipliers;
    int iterations = 0;                   ///< over all starts
    int evaluations = 0;                  ///< of the objective, over all starts
    std::int64_t device_evaluations = 0;  ///< mmse: devices in each of these, summed
    double gradient_norm = 0.0;  ///< ||grad f(A)||_F ||A||_F / f(A) at the end; 0 if not iterative
};

/// Minimum mean-square error without zero forcing, by a quasi-Newton method on the combiner alone,
/// (6) and (7). Throws std::invalid_argument on a bad problem, options or warm start shape.
Design design_mmse(const TransceiverProblem& problem, const DesignOptions& options = {});

/// Baseline: combiner on the dominant left eigenspace of sum_n H_n H_n^H, channel inversion at the
/// devices, and a common scale that the weakest device can afford.
/// Throws std::invalid_argument on a bad problem.
Design design_inversion(const TransceiverProblem& problem, const DesignOptions& options = {});

/// The paper's scheme: zero forcing, the combiner from a semidefinite relaxation (relaxation.hpp),
/// the best of its dominant factor and `draws` Gaussian randomisations, each as drawn and with
/// orthonormal rows, scaled by the exact traces.
/// Throws std::invalid_argument on a bad problem or a channel of rank below L.
Design design_sdr(const TransceiverProblem& problem, const DesignOptions& options = {});

/// Reference: (6) and the best combiner in turn, until a round gains less than `tolerance`.
/// Throws std::invalid_argument as design_mmse does.
Design design_alternating(const TransceiverProblem& problem, const DesignOptions& options = {});

/// Baseline: full power, equal over the streams, phases aligned with the dominant received
/// subspace, and the best combiner for that. Throws std::invalid_argument on a bad problem.
Design design_uniform(const TransceiverProblem& problem, const DesignOptions& options = {});

using Designer = std::function<Design(const TransceiverProblem&, const DesignOptions&)>;

/// Names that `design` knows, in alphabetical order.
std::vector<std::string> designer_names();

/// The scheme of that name. Throws std::invalid_argument that lists the names it knows.
Designer make_designer(const std::string& name);

/// make_designer(name)(problem, options).
Design design(const std::string& name, const TransceiverProblem& problem,
              const DesignOptions& options = {});

}  // namespace aircomp::optimizer
