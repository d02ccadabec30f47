// SPDX-License-Identifier: GPL-3.0-or-later
// The relaxation of scheme sdr handed to CSDP (coinor-csdp), the solver that ours is compared with.
#pragma once

#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

struct CsdpAnswer {
    double bound =
        0.0;  ///< optimal t of: max t, P_n / (v_n L) H_n^H X H_n >= t I, X >= 0, tr X = 1
    /// CPU time of a run, single thread, less that of a run that stops after one iteration: CSDP as
    /// packaged reports none, and reading the file is not solving. Favours CSDP by one iteration.
    double cpu_s = 0.0;
};

/// Whether the program `csdp` is installed.
bool csdp_available();

/// Writes the problem in SDPA's sparse format, runs csdp on it, and reads its report. L = N_t only.
/// Throws std::runtime_error where csdp reports no solution.
CsdpAnswer solve_with_csdp(const TransceiverProblem& problem);

}  // namespace aircomp::optimizer
