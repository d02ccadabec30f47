// SPDX-License-Identifier: GPL-3.0-or-later
// The normal approximation (Y. Polyanskiy, H. V. Poor, S. Verdu, IEEE Trans. Inform. Theory 56,
// 2010), turned around: from bits to channel uses.
#include "air/coded_channel.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>

namespace aircomp::runtime {
namespace {

/// Steps of the fixed point for the logarithm, which moves n by less than a part in a million then.
constexpr int steps = 6;

/// Qinv(eps)
double gaussian_tail(double eps) {
    return std::sqrt(2.0) * boost::math::erfc_inv(2 * eps);
}

}  // namespace

double capacity_bits(const Eigen::MatrixXcd& gram, double gain) {
    const Eigen::MatrixXcd m = Eigen::MatrixXcd::Identity(gram.rows(), gram.cols()) + gain * gram;
    const Eigen::LLT<Eigen::MatrixXcd> factor(m);
    double bits = 0;
    for (Eigen::Index i = 0; i < m.rows(); ++i) {
        bits += 2 * std::log2(factor.matrixLLT()(i, i).real());
    }
    return bits;
}

CodedChannel::CodedChannel(const Eigen::MatrixXcd& gram, double gain, const Config& config)
    : finite_(config.costs == Costs::whole) {
    if (!finite_) {
        capacity_bits_ = capacity_bits(gram, gain);
        return;
    }
    const double usable = gain / std::pow(10, config.radio.coding_gap_db / 10);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> streams(gram, Eigen::EigenvaluesOnly);
    double dispersion = 0;
    for (const double eigenvalue : streams.eigenvalues()) {
        const double snr = usable * std::max(eigenvalue, 0.0);
        capacity_bits_ += std::log1p(snr) / std::log(2.0);
        dispersion += 1 - std::pow(1 + snr, -2);
    }
    const double eps = config.radio.block_error_rate;
    root_penalty_ = std::sqrt(dispersion) / std::log(2.0) * gaussian_tail(eps);
    tries_ = 1 / (1 - eps);
}

double CodedChannel::uses(double bits) const {
    if (capacity_bits_ <= 0) return std::numeric_limits<double>::infinity();
    if (!finite_) return bits / capacity_bits_;
    double root = std::sqrt(bits / capacity_bits_);
    for (int i = 0; i < steps; ++i) {
        // n C - sqrt(n V) Qinv(eps) = bits - log2(n) / 2, quadratic in sqrt(n).
        const double left = std::max(bits - std::log2(std::max(root, 1.0)), 0.0);
        root =
            (root_penalty_ + std::sqrt(root_penalty_ * root_penalty_ + 4 * capacity_bits_ * left)) /
            (2 * capacity_bits_);
    }
    return root * root * tries_;
}

}  // namespace aircomp::runtime
