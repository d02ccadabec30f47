// SPDX-License-Identifier: GPL-3.0-or-later
// The short-timescale problem and what solves it, as plain values: channels, powers and noise in,
// one combiner for the server and one precoder per device out (docs/system-model.md section 4).
#pragma once

#include <Eigen/Core>
#include <vector>

namespace aircomp::optimizer {

/// One coherence block of N devices: what equation (5) needs to know.
struct TransceiverProblem {
    /// H_n, N_r x N_t,n; N_r is the same for all, N_t,n may differ. Where the channel is known from
    /// pilots this is its conditional mean.
    std::vector<Eigen::MatrixXcd> channels;
    std::vector<double> power_w;          ///< P_n >= 0; a device with zero is priced in as lost
    std::vector<double> second_moments;   ///< v_n >= 0; a device with zero is no part of the sum
    std::vector<double> error_variances;  ///< per entry of H_n given the pilots; empty: perfect
    int streams = 1;                      ///< L <= N_r and L <= N_t,n for every n
    double noise_power_w = 1.0;           ///< sigma^2 > 0 per receive antenna

    std::size_t devices() const { return channels.size(); }
    Eigen::Index receive_antennas() const { return channels.at(0).rows(); }
    /// v_n, the error variance of device n, or 0 where the channels are known perfectly.
    double error_variance(std::size_t n) const {
        return error_variances.empty() ? 0.0 : error_variances[n];
    }

    /// Throws std::invalid_argument that names the field, the index, what was expected and what was
    /// found: sizes that disagree, values that are not finite or out of range (from 1e-50 to 1e50,
    /// where not 0), nothing to sum.
    void validate() const;
};

/// Server combiner A, L x N_r, and device precoders B_n, N_t,n x L, both in units where tr(v_n B_n
/// B_n^H) is a power in watts.
struct Transceiver {
    Eigen::MatrixXcd combiner;
    std::vector<Eigen::MatrixXcd> precoders;
};

/// Equation (4), plus the closed-form cost sum_n v_n e_n ||A||_F^2 ||B_n||_F^2 of channel errors of
/// variance e_n. An absolute value: the sum over L streams of E|s_hat - sum_n s_n|^2.
/// Throws std::invalid_argument where the shapes of problem and transceiver disagree.
double mean_square_error(const TransceiverProblem& problem, const Transceiver& transceiver);

/// The mean-square error of estimating the sum by zero: L sum_n v_n.
double signal_power(const TransceiverProblem& problem);

/// mean_square_error over signal_power.
double normalized_mean_square_error(const TransceiverProblem& problem,
                                    const Transceiver& transceiver);

/// tr(v_n B_n B_n^H), the power that device n spends, W.
double transmit_power(const TransceiverProblem& problem, const Transceiver& transceiver,
                      std::size_t device);

}  // namespace aircomp::optimizer
