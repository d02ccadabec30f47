// SPDX-License-Identifier: GPL-3.0-or-later
// Multiplicative weights over devices, a multiplicative step of the covariance.
#include "aircomp/optimizer/multicast.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "decompositions.hpp"

namespace aircomp::optimizer {

namespace {

using Eigen::Index;
using Eigen::MatrixXcd;

/// A device whose weight is below this part of 1 / N no longer shapes the covariance.
constexpr double least_weight = 1e-3;

/// How fast log weights follow differences of rates, per bit: found by trying cells of 2 to 64
/// devices; twice as fast oscillates, half as fast needs half as many steps again.
constexpr double weight_speed = 0.35;

const double ln_2 = std::log(2.0);

/// All channels side by side, scaled by sqrt(rho): one product serves all devices.
struct Channels {
    Channels(const std::vector<MatrixXcd>& channels, double snr) {
        Index columns = 0;
        for (const MatrixXcd& H : channels) {
            first.push_back(columns);
            columns += H.cols();
        }
        first.push_back(columns);
        all.resize(channels.front().rows(), columns);
        for (std::size_t n = 0; n < channels.size(); ++n)
            all.middleCols(first[n], channels[n].cols()) = std::sqrt(snr) * channels[n];
    }

    std::size_t devices() const { return first.size() - 1; }
    Index width(std::size_t n) const { return first[n + 1] - first[n]; }
    auto of(std::size_t n) const { return all.middleCols(first[n], width(n)); }

    MatrixXcd all;
    std::vector<Index> first;
};

/// Rates of a covariance, and Cholesky factors of I + rho H_n^H Q H_n.
struct Rates {
    std::vector<double> bits;
    std::vector<Eigen::LLT<MatrixXcd>> factors;

    double least() const { return *std::min_element(bits.begin(), bits.end()); }
};

Rates rates_of(const Channels& channels, const MatrixXcd& F) {
    const MatrixXcd received = channels.all.adjoint() * F;
    Rates rates;
    for (std::size_t n = 0; n < channels.devices(); ++n) {
        const Index width = channels.width(n);
        const auto mine = received.middleRows(channels.first[n], width);
        MatrixXcd gram = MatrixXcd::Identity(width, width);
        gram.selfadjointView<Eigen::Lower>().rankUpdate(mine);
        rates.factors.emplace_back(gram);
        double bits = 0;
        for (Index i = 0; i < width; ++i)
            bits += 2 * std::log2(rates.factors.back().matrixLLT()(i, i).real());
        rates.bits.push_back(bits);
    }
    return rates;
}

/// The weights without those that are next to nothing.
std::vector<double> active(std::vector<double> weights) {
    const double least = least_weight / static_cast<double>(weights.size());
    double sum = 0;
    for (double& weight : weights) {
        if (weight < least) weight = 0;
        sum += weight;
    }
    for (double& weight : weights)
        weight /= sum;
    return weights;
}

/// B with B B^H = G.
MatrixXcd gradient_factor(const Channels& channels, const Rates& rates,
                          const std::vector<double>& weights) {
    MatrixXcd B(channels.all.rows(), channels.all.cols());
    Index columns = 0;
    for (std::size_t n = 0; n < channels.devices(); ++n) {
        if (weights[n] == 0) continue;
        auto mine = B.middleCols(columns, channels.width(n));
        mine = std::sqrt(weights[n]) * channels.of(n);
        rates.factors[n].matrixU().solveInPlace<Eigen::OnTheRight>(mine);
        columns += channels.width(n);
    }
    return B.leftCols(columns);
}

void reweigh(std::vector<double>& weights, const Rates& rates) {
    const double least = rates.least();
    for (std::size_t n = 0; n < weights.size(); ++n)
        weights[n] *= std::exp(-weight_speed * (rates.bits[n] - least));
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& weight : weights)
        weight /= sum;
}

/// sum_n w_n r_n + (lambda_max(G) - tr(G Q)) / ln 2, which no covariance exceeds, as far as
/// lambda_max is not needed.
double bound_without_eigenvalue(const std::vector<double>& weights, const Rates& rates,
                                double power) {
    return std::inner_product(weights.begin(), weights.end(), rates.bits.begin(), 0.0) -
           power / ln_2;
}

/// Whether lambda_max(G) is at most `largest`: a factorisation costs a tenth of eigenvalues.
bool is_bounded(const MatrixXcd& G, double largest) {
    if (!(largest > 0)) return false;
    const MatrixXcd rest = largest * MatrixXcd::Identity(G.rows(), G.cols()) - G;
    return Eigen::LLT<MatrixXcd>(rest).info() == Eigen::Success;
}

void validate(const std::vector<MatrixXcd>& channels, double snr) {
    const auto fail = [](const std::string& what) {
        throw std::invalid_argument("multicast: " + what);
    };
    if (channels.empty()) fail("expected channels, found none");
    if (!(snr > 0) || !std::isfinite(snr)) {
        fail("snr: expected a finite number above 0, found " + std::to_string(snr));
    }
    for (std::size_t n = 0; n < channels.size(); ++n) {
        const MatrixXcd& H = channels[n];
        const std::string name = "channels[" + std::to_string(n) + "]: ";
        if (H.rows() != channels.front().rows() || H.size() == 0) {
            fail(name + "expected " + std::to_string(channels.front().rows()) +
                 " rows and at least one column, found " + std::to_string(H.rows()) + " x " +
                 std::to_string(H.cols()));
        }
        if (!H.allFinite()) fail(name + "expected finite values");
    }
}

MatrixXcd white(Index antennas) {
    return MatrixXcd::Identity(antennas, antennas) / std::sqrt(static_cast<double>(antennas));
}

MatrixXcd first_factor(Index antennas, Index streams) {
    if (streams == 0) return white(antennas);
    return fourier_beams(antennas, streams) / std::sqrt(static_cast<double>(streams));
}

}  // namespace

MatrixXcd fourier_beams(Index antennas, Index streams) {
    if (streams < 1 || streams > antennas) {
        throw std::invalid_argument("multicast: streams: expected 1 to " +
                                    std::to_string(antennas) + ", found " +
                                    std::to_string(streams));
    }
    constexpr double two_pi = 6.28318530717958647692;
    MatrixXcd beams(antennas, streams);
    for (Index r = 0; r < antennas; ++r) {
        for (Index l = 0; l < streams; ++l) {
            const double turns =
                static_cast<double>(r * l % antennas) / static_cast<double>(antennas);
            beams(r, l) = std::polar(1 / std::sqrt(static_cast<double>(antennas)), two_pi * turns);
        }
    }
    return beams;
}

Multicast design_multicast(const std::vector<MatrixXcd>& channels, double snr,
                           const MulticastOptions& options) {
    validate(channels, snr);
    if (options.max_steps < 1) {
        throw std::invalid_argument("multicast: max_steps: expected at least 1, found " +
                                    std::to_string(options.max_steps));
    }
    const Channels all(channels, snr);
    const Index antennas = all.all.rows();
    std::vector<double> weights(channels.size(), 1 / static_cast<double>(channels.size()));
    MatrixXcd F = first_factor(antennas, options.streams);
    Multicast best;
    while (true) {
        const Rates rates = rates_of(all, F);
        reweigh(weights, rates);
        if (const double least = rates.least(); best.steps == 0 || least > best.bits_per_use) {
            best.factor = F;
            best.bits_per_use = least;
        }
        ++best.steps;
        const std::vector<double> shaping = active(weights);
        const MatrixXcd B = gradient_factor(all, rates, shaping);
        const MatrixXcd G = B * B.adjoint();
        const double power = (B.adjoint() * F).squaredNorm();
        const double rest = bound_without_eigenvalue(shaping, rates, power);
        best.bound_bits_per_use = best.bits_per_use * (1 + options.tolerance);
        if (is_bounded(G, (best.bound_bits_per_use - rest) * ln_2)) return best;
        if (best.steps == options.max_steps) {
            best.bound_bits_per_use = rest + hermitian_eigenvalues(G).tail<1>()(0) / ln_2;
            return best;
        }
        F = (G * F / power + F).eval();
        F /= F.norm();
    }
}

double white_multicast_bits(const std::vector<MatrixXcd>& channels, double snr) {
    validate(channels, snr);
    const Channels all(channels, snr);
    return rates_of(all, white(all.all.rows())).least();
}

}  // namespace aircomp::optimizer
