// SPDX-License-Identifier: GPL-3.0-or-later
// The objective f(A) = min_B MSE(A, B) that is left of (5) when every device answers the combiner
// with (6), with its gradient (7). Internal to the library.
//
// The problem is normalised such that all powers and the noise are 1: with
// H^_n = H_n sqrt(P_n / v_n) / sigma, A^ = sigma A, B^_n = sqrt(v_n / P_n) B_n and
// e^_n = e_n P_n / (v_n sigma^2), (4) reads
//     tau ||A^||^2 + sum_n v_n ( ||A^ H^_n B^_n - I||^2 + e^_n ||A^||^2 ||B^_n||^2 )
// with tau = 1 and ||B^_n|| <= 1. A search may start at a larger tau, a noisier channel, where f is
// smoother.
//
// With K = G G^H, G = A^ H^_n, mu = lambda + e^_n ||A^||^2 and W = (K + mu I)^-1, a device adds
//     v ( mu tr W - lambda )         to the value,
//     -2 v mu W^2 G H^^H             to the gradient, next to 2 v e^ p A^ where p = ||B^||^2.
//
// The devices are kept in the order of their channels, the weakest first, and a search may begin
// with the first few of them.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

#include "aircomp/optimizer/transceiver.hpp"
#include "curvature_model.hpp"

namespace aircomp::optimizer {

/// `Streams` is L where it is known to the compiler, or Eigen::Dynamic. After construction nothing
/// allocates.
template <int Streams>
class ReducedObjective {
public:
    using Combiner = Eigen::Matrix<std::complex<double>, Streams, Eigen::Dynamic>;

    /// `problem` must be valid.
    explicit ReducedObjective(const TransceiverProblem& problem);

    /// Value at A^ (L x N_r) and noise weight tau; leaves the gradient behind.
    double evaluate(const Combiner& A, double tau);

    /// Gradient at the last point, with respect to (Re A^, Im A^), as one complex matrix.
    const Combiner& gradient() const { return gradient_; }

    /// The devices' hinges at the last point (curvature_model.hpp); real parts and imaginary parts
    /// interleaved as in gradient().
    const Hinges& hinges() const { return hinges_; }

    /// Second derivative, in any direction, of the terms in ||A^||^2 at the last point.
    double noise_curvature() const { return noise_curvature_; }

    /// Devices that can deliver anything.
    Eigen::Index devices() const { return static_cast<Eigen::Index>(devices_.size()); }

    /// Leaves only the `count` weakest devices in the objective; all of them at first.
    void use_weakest(Eigen::Index count);

    Eigen::Index used() const { return used_; }

    /// max_n ||A^ H^_n||_F over the devices used, the size of what the strongest of them delivers.
    double strongest(const Combiner& A) const;

    /// max_n ||H^_n||_F^2 / (N_r N_t,n) over the devices used: the largest signal-to-noise ratio
    /// between two antennas.
    double strongest_channel() const { return devices_[used_ - 1].channel_snr; }

    /// The dominant left eigenspace of the devices used, each of which counts alike: of the sum of
    /// H^_n H^_n^H over its trace.
    Combiner dominant_combiner() const;

private:
    using Square = Eigen::Matrix<std::complex<double>, Streams, Streams>;

    struct Device {
        std::size_t index;    // in the problem
        Eigen::Index offset;  // first column in the stacked matrices
        Eigen::Index columns;
        double second_moment;
        double error_variance;
        double channel_snr;
        double mu;            // multiplier of (6), normalised; a start for the next solve
        bool limited;         // lambda > 0: full power
        double power, slope;  // p = ||W G||^2, -1/2 dp / dmu
        Square W;
    };

    void respond(Device& device, double combiner_power);
    void add_misfit(const Device& device, double floor, Eigen::Index column);
    Eigen::Index used_columns() const {
        return devices_[used_ - 1].offset + devices_[used_ - 1].columns;
    }

    Eigen::MatrixXcd channels_;  // N_r x sum of N_t,n
    std::vector<Device> devices_;
    Eigen::Index used_ = 0;
    Combiner gradient_;
    Combiner part_;          // a device's part of the gradient
    Combiner G_, WG_, WWG_;  // L x sum of N_t,n
    Hinges hinges_;
    double noise_curvature_ = 1.0;
    Square K_;
    double constant_ = 0.0;  // L sum of v_n over the devices that cannot deliver anything
};

}  // namespace aircomp::optimizer
