// SPDX-License-Identifier: GPL-3.0-or-later
// Channel knowledge that has aged: what a design should assume of channels that moved on since they
// were sounded.
#pragma once

#include <vector>

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

/// The problem as its channels are known after a time over which each keeps the correlation `rho`
/// with itself (jakes_correlation, or a Gauss-Markov step): conditional mean rho H_n, error variance
/// rho^2 e_n + (1 - rho^2) beta_n. For channels without line of sight; `path_gains`: beta_n, the
/// mean power of an entry of H_n. Throws std::invalid_argument on a bad problem, path gains that
/// are not one per device or negative, or |rho| above 1.
TransceiverProblem aged(const TransceiverProblem& problem, const std::vector<double>& path_gains,
                        double correlation);

}  // namespace aircomp::optimizer
