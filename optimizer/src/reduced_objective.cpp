// SPDX-License-Identifier: GPL-3.0-or-later
// Value and gradient of the mean-square error over the combiner alone.
#include "reduced_objective.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decompositions.hpp"

namespace aircomp::optimizer {
namespace {

double real_inner(std::complex<double> a, std::complex<double> b) {
    return a.real() * b.real() + a.imag() * b.imag();
}

template <class Matrix>
double real_inner(const Matrix& a, const Matrix& b) {
    double sum = 0.0;
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
        for (Eigen::Index i = 0; i < a.rows(); ++i)
            sum += real_inner(a(i, j), b(i, j));
    }
    return sum;
}

template <class Matrix>
Eigen::Map<const Eigen::VectorXd> real_vector(const Matrix& matrix) {
    return {reinterpret_cast<const double*>(matrix.data()), 2 * matrix.size()};
}

// In-place inverse of a Hermitian positive definite matrix by Gauss and Jordan; no pivoting is
// needed. Reads and writes the whole matrix.
template <class Square>
void invert_positive(Square& M) {
    const Eigen::Index size = M.rows();
    for (Eigen::Index k = 0; k < size; ++k) {
        const double pivot = 1.0 / M(k, k).real();
        for (Eigen::Index j = 0; j < size; ++j) {
            if (j == k) continue;
            const std::complex<double> factor = M(k, j) * pivot;
            for (Eigen::Index i = 0; i < size; ++i) {
                if (i != k) M(i, j) -= M(i, k) * factor;
            }
        }
        for (Eigen::Index i = 0; i < size; ++i) {
            if (i == k) continue;
            M(k, i) *= pivot;
            M(i, k) *= -pivot;
        }
        M(k, k) = pivot;
    }
}

// ||H^_n||_F^2 / (N_r N_t,n); 0 where a device can deliver nothing.
double channel_snr(const TransceiverProblem& problem, std::size_t n) {
    const double v = problem.second_moments[n], P = problem.power_w[n];
    if (v == 0.0 || P == 0.0) return 0.0;
    const Eigen::MatrixXcd& H = problem.channels[n];
    return P / v / problem.noise_power_w * H.squaredNorm() / static_cast<double>(H.size());
}

}  // namespace

template <int Streams>
ReducedObjective<Streams>::ReducedObjective(const TransceiverProblem& problem) {
    const Eigen::Index L = problem.streams, N_r = problem.receive_antennas();
    std::vector<std::pair<double, std::size_t>> weakest_first;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double snr = channel_snr(problem, n);
        if (snr > 0.0) {
            weakest_first.emplace_back(snr, n);
        } else {
            constant_ += problem.second_moments[n] * static_cast<double>(L);
        }
    }
    std::sort(weakest_first.begin(), weakest_first.end());
    Eigen::Index columns = 0;
    for (const auto& [snr, n] : weakest_first) {
        const double v = problem.second_moments[n], P = problem.power_w[n];
        const double gain = P / v / problem.noise_power_w;
        devices_.push_back({n, columns, problem.channels[n].cols(), v,
                            gain * problem.error_variance(n), snr, INFINITY, false, 0.0, 0.0,
                            Square(L, L)});
        columns += problem.channels[n].cols();
    }
    channels_.resize(N_r, columns);
    for (const Device& device : devices_) {
        const double gain =
            problem.power_w[device.index] / device.second_moment / problem.noise_power_w;
        channels_.middleCols(device.offset, device.columns) =
            std::sqrt(gain) * problem.channels[device.index];
    }
    used_ = devices();
    for (Combiner* matrix : {&G_, &WG_, &WWG_})
        matrix->resize(L, columns);
    gradient_.resize(L, N_r);
    part_.resize(L, N_r);
    hinges_.gradients.setZero(2 * L * N_r, devices());
    hinges_.values.setZero(devices());
    K_.resize(L, L);
}

template <int Streams>
void ReducedObjective<Streams>::use_weakest(Eigen::Index count) {
    used_ = std::min(count, devices());
}

// Solves p(mu) = ||W G||^2 = 1 for mu >= e^ ||A||^2, or takes that floor where p is below 1 there.
// 1 / sqrt(p) is concave in mu: Newton's method on it overshoots at most once, to the left of the
// root, and climbs from there.
template <int Streams>
void ReducedObjective<Streams>::respond(Device& device, double combiner_power) {
    const auto G = G_.middleCols(device.offset, device.columns);
    auto WG = WG_.middleCols(device.offset, device.columns);
    auto WWG = WWG_.middleCols(device.offset, device.columns);
    K_.noalias() = G * G.adjoint();
    const double trace = K_.trace().real();
    // The last terms keep W right where K is singular, as with channels of less rank than streams:
    // mu W is then 1 in the directions of no gain, to the part of the floor that rounding of K is.
    const double floor =
        std::max(device.error_variance * combiner_power, std::max(1e-12 * trace, 1e-280));
    double mu = std::clamp(device.mu, floor, std::max(floor, std::sqrt(trace)));
    for (int iteration = 0;; ++iteration) {
        device.W = K_;
        device.W.diagonal().array() += mu;
        invert_positive(device.W);
        WG.noalias() = device.W * G;
        WWG.noalias() = device.W * WG;
        const double power = device.power = WG.squaredNorm();
        const double slope = device.slope = real_inner(WG, WWG);
        device.mu = mu;
        device.limited = mu > floor;
        const bool done = std::abs(power - 1.0) <= 1e-9 || (power <= 1.0 && mu == floor);
        if (done || iteration == 60) break;
        mu = std::max(floor, mu + power / slope * (std::sqrt(power) - 1.0));
    }
}

// With Z = W^2 G H^^H the gradient of a misfit v mu^2 ||W||^2 is -2 v mu Z, its hinge is
// u = -sqrt(2 v) Z / ||W||. In rho, lambda takes the place of mu, because rho has to vanish with
// lambda. Where power suffices, 1 / sqrt(p) grows in proportion to A^: that tells how far a step
// may go, rho / |u|. There ||W||^2 is the slope of p.
template <int Streams>
void ReducedObjective<Streams>::add_misfit(const Device& device, double floor,
                                           Eigen::Index column) {
    const auto WWG = WWG_.middleCols(device.offset, device.columns);
    part_.noalias() = WWG * channels_.middleCols(device.offset, device.columns).adjoint();
    gradient_ -= 2.0 * device.second_moment * device.mu * part_;
    const double p = device.power;
    const double norm = device.limited ? device.W.norm() : std::sqrt(device.slope);
    // Where K is close to singular and power suffices all the same, Z is rounding.
    const double condition = norm * G_.middleCols(device.offset, device.columns).squaredNorm();
    auto u = hinges_.gradients.col(column);
    if (norm > 0.0 && (device.limited || condition < 1e8)) {
        const double scale = std::sqrt(2.0 * device.second_moment);
        u = -scale / norm * real_vector(part_);
        hinges_.values[column] = device.limited ? scale * norm * (device.mu - floor)
                                                : scale / norm * p * (std::sqrt(p) - 1.0);
    } else {
        u.setZero();
        hinges_.values[column] = 0.0;
    }
}

template <int Streams>
double ReducedObjective<Streams>::evaluate(const Combiner& A, double tau) {
    const double combiner_power = A.squaredNorm();
    double value = constant_ + tau * combiner_power;
    double ridge = tau;  // tau + sum_n v_n e^_n p_n
    G_.leftCols(used_columns()).noalias() = A * channels_.leftCols(used_columns());
    for (Eigen::Index n = 0; n < used_; ++n) {
        Device& device = devices_[n];
        respond(device, combiner_power);
        const double v = device.second_moment, mu = device.mu;
        const double floor = device.error_variance * combiner_power;
        const double lambda = device.limited ? mu - floor : 0.0;
        value += v * (mu * device.W.trace().real() - lambda);
        ridge += v * device.error_variance * device.power;
    }
    noise_curvature_ = 2.0 * ridge;
    gradient_ = noise_curvature_ * A;
    for (Eigen::Index n = 0; n < used_; ++n)
        add_misfit(devices_[n], devices_[n].error_variance * combiner_power, n);
    return value;
}

template <int Streams>
double ReducedObjective<Streams>::strongest(const Combiner& A) const {
    double strongest = 0.0;
    for (Eigen::Index n = 0; n < used_; ++n) {
        strongest = std::max(
            strongest, (A * channels_.middleCols(devices_[n].offset, devices_[n].columns)).norm());
    }
    return strongest;
}

template <int Streams>
auto ReducedObjective<Streams>::dominant_combiner() const -> Combiner {
    Eigen::MatrixXcd covariance = Eigen::MatrixXcd::Zero(channels_.rows(), channels_.rows());
    for (Eigen::Index n = 0; n < used_; ++n) {
        const Device& device = devices_[n];
        const auto H = channels_.middleCols(device.offset, device.columns);
        covariance.noalias() += H * H.adjoint() / device.channel_snr;
    }
    return hermitian_eigenpairs(covariance).vectors.rightCols(gradient_.rows()).adjoint();
}

template class ReducedObjective<1>;
template class ReducedObjective<2>;
template class ReducedObjective<4>;
template class ReducedObjective<Eigen::Dynamic>;

}  // namespace aircomp::optimizer
