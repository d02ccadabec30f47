// SPDX-License-Identifier: GPL-3.0-or-later
// The devices' closed-form precoders and the reduced objective over the combiner.
#include "best_response.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::optimizer {

double power_multiplier(const Eigen::VectorXd& d, double floor) {
    // One term alone exceeds the budget below sqrt(d) - d: a lower bound, and the exact answer for
    // one stream. From there Newton on 1 / sqrt(power), concave in mu, climbs without overshoot.
    double mu = floor;
    for (const double d_i : d)
        mu = std::max(mu, std::sqrt(d_i) - d_i);
    for (int iteration = 0; iteration < 50; ++iteration) {
        double power = 0.0, slope = 0.0;
        for (const double d_i : d) {
            if (d_i == 0.0) continue;
            const double term = d_i / ((d_i + mu) * (d_i + mu));
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

BestResponse::BestResponse(const TransceiverProblem& problem)
    : problem_(problem), sigma_(std::sqrt(problem.noise_power_w)), eigen_(problem.streams) {
    const Eigen::Index L = problem.streams;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double v = problem.second_moments[n];
        if (v == 0.0) continue;
        if (problem.power_w[n] == 0.0) {
            constant_ += v * static_cast<double>(L);
            continue;
        }
        const double gain = std::sqrt(problem.power_w[n] / v) / sigma_;
        devices_.push_back({n, gain * problem.channels[n], v,
                            gain * gain * problem.error_variance(n),
                            Eigen::MatrixXcd(L, problem.channels[n].cols()),
                            Eigen::MatrixXcd(L, problem.channels[n].cols())});
    }
    gram_.resize(L, L);
    scaled_.resize(L, L);
    d_.resize(L);
}

double BestResponse::respond(Device& device, const Eigen::MatrixXcd& A, double combiner_power) {
    device.effective.noalias() = A * device.channel;
    gram_.noalias() = device.effective * device.effective.adjoint();
    eigen_.compute(gram_);
    d_ = eigen_.eigenvalues().cwiseMax(0.0);
    return power_multiplier(d_, device.error_variance * combiner_power);
}

double BestResponse::evaluate(const Eigen::MatrixXcd& A, Eigen::MatrixXcd& gradient) {
    const double combiner_power = A.squaredNorm();
    double value = constant_ + combiner_power;
    double gradient_scale = 1.0;
    gradient.setZero();
    for (Device& device : devices_) {
        const double mu = respond(device, A, combiner_power);
        const double v = device.second_moment;
        double misfit = 0.0, power = 0.0;
        for (Eigen::Index i = 0; i < d_.size(); ++i) {
            if (d_[i] == 0.0) {  // a stream that the device cannot reach
                misfit += 1.0;
                continue;
            }
            const double inverse = 1.0 / (d_[i] + mu);
            misfit += (mu * inverse) * (mu * inverse);
            power += d_[i] * inverse * inverse;
            d_[i] = mu * inverse * inverse;
        }
        value += v * misfit + v * device.error_variance * power * combiner_power;
        gradient_scale += v * device.error_variance * power;
        // (A H B - I)(H B)^H = -U mu (D + mu)^-2 U^H G H^H
        scaled_.noalias() = eigen_.eigenvectors() * d_.asDiagonal();
        gram_.noalias() = scaled_ * eigen_.eigenvectors().adjoint();
        device.weighted.noalias() = gram_ * device.effective;
        gradient.noalias() -= (2.0 * v) * device.weighted * device.channel.adjoint();
    }
    gradient += 2.0 * gradient_scale * A;
    return value;
}

Transceiver BestResponse::transceiver(const Eigen::MatrixXcd& A, std::vector<double>& multipliers) {
    Transceiver result;
    result.combiner = A / sigma_;
    multipliers.assign(problem_.devices(), 0.0);
    for (const Eigen::MatrixXcd& H : problem_.channels) {
        result.precoders.push_back(Eigen::MatrixXcd::Zero(H.cols(), problem_.streams));
    }
    const double combiner_power = A.squaredNorm();
    for (Device& device : devices_) {
        const double mu = respond(device, A, combiner_power);
        for (double& d : d_)
            d = d > 0.0 ? 1.0 / (d + mu) : 0.0;
        const auto& U = eigen_.eigenvectors();
        Eigen::MatrixXcd B = device.effective.adjoint() * U * d_.asDiagonal() * U.adjoint();
        B /= std::max(1.0, B.norm());
        const double P = problem_.power_w[device.index];
        result.precoders[device.index] = std::sqrt(P / device.second_moment) * B;
        multipliers[device.index] =
            device.second_moment * (mu - device.error_variance * combiner_power) / P;
    }
    return result;
}

}  // namespace aircomp::optimizer
