// SPDX-License-Identifier: GPL-3.0-or-later
// The devices' closed-form answer to a combiner.
#include "best_precoder.hpp"

#include <algorithm>
#include <cmath>

#include "decompositions.hpp"

namespace aircomp::optimizer {

double power_multiplier(const Eigen::VectorXd& d, double budget, double floor) {
    // One term alone exceeds the budget below sqrt(d / budget) - d: a lower bound, and the answer
    // for one stream. From there Newton on 1 / sqrt(power), concave in mu, climbs to the root.
    double mu = floor;
    for (const double d_i : d)
        mu = std::max(mu, std::sqrt(d_i / budget) - d_i);
    for (int iteration = 0; iteration < 60; ++iteration) {
        double power = 0.0, slope = 0.0;
        for (const double d_i : d) {
            if (d_i == 0.0) continue;
            const double term = d_i / (d_i + mu) / (d_i + mu) / budget;
            power += term;
            slope += term / (d_i + mu);
        }
        if (power <= 1.0) break;
        const double step = power / slope * (std::sqrt(power) - 1.0);
        mu += step;
        if (step <= 1e-15 * mu) break;
    }
    return mu;
}

PrecoderAnswer best_precoder(const Eigen::MatrixXcd& G, double power_w, double second_moment,
                             double error_variance, double combiner_power) {
    PrecoderAnswer answer;
    answer.precoder = Eigen::MatrixXcd::Zero(G.cols(), G.rows());
    const double scale = G.norm();
    if (power_w == 0.0 || second_moment == 0.0 || scale == 0.0) return answer;
    // G / scale, such that squared singular values of 1e-12 channels do not underflow.
    const ThinSvd svd = thin_svd(G / scale);
    const Eigen::VectorXd& s = svd.s;
    const double budget = power_w / second_moment * scale * scale;
    const double floor = error_variance * combiner_power / (scale * scale);
    const double mu = power_multiplier(s.cwiseAbs2(), budget, floor);
    Eigen::VectorXd gains(s.size());
    for (Eigen::Index i = 0; i < s.size(); ++i) {
        gains[i] = s[i] > 0.0 ? s[i] / (s[i] * s[i] + mu) / scale : 0.0;
    }
    answer.precoder = svd.V * gains.asDiagonal() * svd.U.adjoint();
    const double excess = second_moment * answer.precoder.squaredNorm() / power_w;
    if (excess > 1.0) answer.precoder /= std::sqrt(excess);  // rounding
    answer.multiplier = (mu - floor) * scale * scale;
    return answer;
}

Transceiver best_response(const TransceiverProblem& problem, const Eigen::MatrixXcd& A,
                          std::vector<double>& multipliers) {
    Transceiver result{A, {}};
    multipliers.clear();
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        PrecoderAnswer answer =
            best_precoder(A * problem.channels[n], problem.power_w[n], problem.second_moments[n],
                          problem.error_variance(n), A.squaredNorm());
        result.precoders.push_back(std::move(answer.precoder));
        multipliers.push_back(answer.multiplier);
    }
    return result;
}

}  // namespace aircomp::optimizer
