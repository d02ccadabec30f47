// SPDX-License-Identifier: GPL-3.0-or-later
// One message from the server to all devices: the input covariance whose rate at the weakest device
// is largest, equation (12) of docs/system-model.md.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace aircomp::optimizer {

struct MulticastOptions {
    int max_steps = 40;       ///< >= 1
    double tolerance = 0.01;  ///< Stop where the optimum is proven to be at most this part above.
    /// Columns of F, at most N_r; 0: N_r. With fewer, what is found is the best covariance of such a
    /// rank that these steps reach, and the bound that of all covariances.
    Eigen::Index streams = 0;
};

/// What the server sends: F s with independent symbols s of unit power, Q = F F^H.
struct Multicast {
    Eigen::MatrixXcd factor;        ///< F, N_r x streams, ||F||_F = 1
    double bits_per_use = 0;        ///< min_n log2 det(I + rho H_n^H Q H_n)
    double bound_bits_per_use = 0;  ///< What no covariance exceeds, by the Lagrangian dual.
    int steps = 0;
};

/// Weights of the devices move by how far their rate is above the smallest, Q by
///
///     F <- (G / tr(G Q) + I) F / 2, normalised,   G = sum_n w_n rho H_n (I + rho H_n^H Q H_n)^-1 H_n^H,
///
/// which has the fixed points of Q <- Q^1/2 G Q^1/2 and needs no root. The bound is
/// sum_n w_n r_n + (lambda_max(G) - tr(G Q)) / ln 2. `channels` are H_n of the
/// uplink, N_r x N_t,n, reciprocal; `snr` is rho = P_s / sigma^2 > 0. Throws std::invalid_argument
/// without channels, for shapes that disagree, or for values that are not finite.
Multicast design_multicast(const std::vector<Eigen::MatrixXcd>& channels, double snr,
                           const MulticastOptions& options = {});

/// Directions of `streams` streams that know no channel, [antennas, streams]: the first columns of the
/// unitary Fourier matrix. Throws std::invalid_argument for more streams than antennas.
Eigen::MatrixXcd fourier_beams(Eigen::Index antennas, Eigen::Index streams);

/// The rate of Q = I / N_r, which needs to know no channel.
double white_multicast_bits(const std::vector<Eigen::MatrixXcd>& channels, double snr);

}  // namespace aircomp::optimizer
