// SPDX-License-Identifier: GPL-3.0-or-later
// How far sums are from what they should be.
#pragma once

#include <gsl/span>

namespace aircomp::runtime {

/// Accumulated error of one site's sums, for the NMSE of docs/system-model.md section 3.
struct SumError {
    double error = 0;   ///< ||z_hat - z||^2
    double signal = 0;  ///< ||z||^2

    double nmse() const { return signal > 0 ? error / signal : 0; }

    /// Counts a sum as it arrived against the exact one, of the same size.
    void add(gsl::span<const float> sum, gsl::span<const float> exact);
};

}  // namespace aircomp::runtime
