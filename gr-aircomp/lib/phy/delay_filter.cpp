// SPDX-License-Identifier: GPL-3.0-or-later
// The filter by Cholesky's factorisation: W = I - e (R + e I)^-1.
#include "delay_filter.hpp"

#include <algorithm>
#include <cmath>

namespace gr::aircomp::phy {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr double leakage = 1e-4;  // power at each delay beyond the prefix, per one within
using Matrix = std::vector<std::complex<double>>;

/// In place: the lower factor of a Hermitian positive definite matrix, [n, n].
void factorise(Matrix& m, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t i = j; i < n; ++i) {
            std::complex<double> sum = m[i * n + j];
            for (std::size_t k = 0; k < j; ++k)
                sum -= m[i * n + k] * std::conj(m[j * n + k]);
            m[i * n + j] = i == j ? std::sqrt(sum.real()) : sum / m[j * n + j].real();
        }
    }
}

/// In place: x becomes (L L^H)^-1 x.
void solve(const Matrix& factor, std::size_t n, std::complex<double>* x) {
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k)
            x[i] -= factor[i * n + k] * x[k];
        x[i] /= factor[i * n + i].real();
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k)
            x[i] -= std::conj(factor[k * n + i]) * x[k];
        x[i] /= factor[i * n + i].real();
    }
}

}  // namespace

DelayFilter::DelayFilter(const BurstFormat& format)
    : frequency_(carrier_plan(format).used_frequency) {
    const int size = format.fft_size;
    const double total = (format.prefix + 1) + leakage * (size - format.prefix - 1);
    for (int difference = 0; difference < size; ++difference) {
        std::complex<double> sum;
        for (int delay = 0; delay < size; ++delay) {
            const double power = delay <= format.prefix ? 1 : leakage;
            sum += std::polar(power / total, -two_pi * difference * delay / size);
        }
        correlation_.push_back(sum);
    }
}

const std::vector<Sample>& DelayFilter::weights(double noise_to_signal) {
    const double decibels = 10 * std::log10(std::clamp(noise_to_signal, 1e-8, 1e8));
    const int rounded = static_cast<int>(std::lround(decibels));
    auto& weights = known_[rounded];
    if (weights.empty()) weights = compute(std::pow(10, rounded / 10.0));
    return weights;
}

std::vector<Sample> DelayFilter::compute(double noise_to_signal) const {
    const std::size_t n = frequency_.size();
    Matrix m(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j)
            m[i * n + j] = correlation_[static_cast<std::size_t>(frequency_[i] - frequency_[j])];
        m[i * n + i] += noise_to_signal;
    }
    factorise(m, n);
    std::vector<Sample> weights(n * n);
    std::vector<std::complex<double>> column(n);
    for (std::size_t j = 0; j < n; ++j) {
        std::fill(column.begin(), column.end(), 0.0);
        column[j] = -noise_to_signal;
        solve(m, n, column.data());
        column[j] += 1;
        for (std::size_t i = 0; i < n; ++i)
            weights[i * n + j] = Sample(column[i]);
    }
    return weights;
}

}  // namespace gr::aircomp::phy
