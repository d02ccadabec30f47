// SPDX-License-Identifier: GPL-3.0-or-later
// Zero forcing for a given combiner direction, shared by the schemes that force zeros. Internal.
#pragma once

#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {

/// Rows: the L dominant eigenvectors of sum_n H_n H_n^H over the devices that take part.
Eigen::MatrixXcd dominant_combiner(const TransceiverProblem& problem);

/// sqrt(alpha) G with the least alpha at which every device can afford A H_n B_n = I: the largest
/// v_n / P_n tr((G H_n H_n^H G^H)^-1), over the devices that can transmit. Infinite where some
/// G H_n has no inverse, 0 where none can transmit.
struct ZeroForcingScale {
    double alpha = 0.0;
    std::size_t limiting = 0;  ///< The device that sets alpha.
};
ZeroForcingScale zero_forcing_scale(const TransceiverProblem& problem, const Eigen::MatrixXcd& G);

/// A = sqrt(alpha) G and precoders that force zeros wherever the scale allows.
Design zero_forcing(const TransceiverProblem& problem, const Eigen::MatrixXcd& G);

}  // namespace aircomp::optimizer
