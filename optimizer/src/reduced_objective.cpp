// SPDX-License-Identifier: GPL-3.0-or-later
// Value and gradient of the mean-square error over the combiner alone.
#include "reduced_objective.hpp"

#include <algorithm>
#include <cmath>

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

}  // namespace

template <int Streams>
ReducedObjective<Streams>::ReducedObjective(const TransceiverProblem& problem) {
    const Eigen::Index L = problem.streams, N_r = problem.receive_antennas();
    Eigen::Index columns = 0;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double v = problem.second_moments[n];
        if (v > 0.0 && problem.power_w[n] > 0.0) columns += problem.channels[n].cols();
    }
    channels_.resize(N_r, columns);
    columns = 0;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double v = problem.second_moments[n], P = problem.power_w[n];
        if (v == 0.0) continue;
        if (P == 0.0) {
            constant_ += v * static_cast<double>(L);
            continue;
        }
        const Eigen::MatrixXcd& H = problem.channels[n];
        const double gain = P / v / problem.noise_power_w;
        channels_.middleCols(columns, H.cols()) = std::sqrt(gain) * H;
        devices_.push_back({columns, H.cols(), v, gain * problem.error_variance(n), INFINITY, false,
                            Square(L, L)});
        strongest_channel_ =
            std::max(strongest_channel_, gain * H.squaredNorm() / static_cast<double>(H.size()));
        columns += H.cols();
    }
    for (Combiner* matrix : {&G_, &WG_, &WWG_})
        matrix->resize(L, columns);
    gradient_.resize(L, N_r);
    part_.resize(L, N_r);
    misfit_factor_.setZero(2 * L * N_r, static_cast<Eigen::Index>(devices_.size()));
    K_.resize(L, L);
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
    // The last term keeps W finite where K is singular to rounding.
    const double floor =
        std::max(device.error_variance * combiner_power, std::max(1e-15 * trace, 1e-280));
    double mu = std::clamp(device.mu, floor, std::max(floor, std::sqrt(trace)));
    for (int iteration = 0;; ++iteration) {
        device.W = K_;
        device.W.diagonal().array() += mu;
        invert_positive(device.W);
        WG.noalias() = device.W * G;
        WWG.noalias() = device.W * WG;
        const double power = WG.squaredNorm();
        const double slope = real_inner(WG, WWG);
        device.mu = mu;
        device.limited = mu > floor;
        const bool done = std::abs(power - 1.0) <= 1e-9 || (power <= 1.0 && mu == floor);
        if (done || iteration == 60) break;
        mu = std::max(floor, mu + power / slope * (std::sqrt(power) - 1.0));
    }
}

// -2 v mu W^2 G H^^H, and by how much of it the Gauss-Newton model knows the curvature: f_n = v
// mu^2
// ||W||^2.
template <int Streams>
void ReducedObjective<Streams>::add_misfit_gradient(const Device& device, Eigen::Index column) {
    const double v = device.second_moment, mu = device.mu;
    part_.noalias() = WWG_.middleCols(device.offset, device.columns) *
                      channels_.middleCols(device.offset, device.columns).adjoint();
    part_ *= -2.0 * v * mu;
    gradient_ += part_;
    const double misfit = v * mu * mu * device.W.squaredNorm();
    const Eigen::Map<const Eigen::VectorXd> g(reinterpret_cast<const double*>(part_.data()),
                                              2 * part_.size());
    if (device.limited && misfit > 0.0) {
        misfit_factor_.col(column) = g / std::sqrt(2.0 * misfit);
    } else {
        misfit_factor_.col(column).setZero();
    }
}

template <int Streams>
double ReducedObjective<Streams>::evaluate(const Combiner& A, double tau) {
    const double combiner_power = A.squaredNorm();
    double value = constant_ + tau * combiner_power;
    double ridge = tau;  // tau + sum_n v_n e^_n p_n
    G_.noalias() = A * channels_;
    for (Device& device : devices_) {
        respond(device, combiner_power);
        const double v = device.second_moment, mu = device.mu;
        const double floor = device.error_variance * combiner_power;
        const double lambda = device.limited ? mu - floor : 0.0;
        value += v * (mu * device.W.trace().real() - lambda);
        ridge +=
            v * device.error_variance * WG_.middleCols(device.offset, device.columns).squaredNorm();
    }
    noise_curvature_ = 2.0 * ridge;
    gradient_ = noise_curvature_ * A;
    for (std::size_t n = 0; n < devices_.size(); ++n)
        add_misfit_gradient(devices_[n], static_cast<Eigen::Index>(n));
    return value;
}

template <int Streams>
double ReducedObjective<Streams>::strongest(const Combiner& A) const {
    double strongest = 0.0;
    for (const Device& device : devices_) {
        strongest =
            std::max(strongest, (A * channels_.middleCols(device.offset, device.columns)).norm());
    }
    return strongest;
}

template class ReducedObjective<1>;
template class ReducedObjective<2>;
template class ReducedObjective<4>;
template class ReducedObjective<Eigen::Dynamic>;

}  // namespace aircomp::optimizer
