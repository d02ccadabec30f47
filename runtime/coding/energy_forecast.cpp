// SPDX-License-Identifier: GPL-3.0-or-later
// The regression behind shared scales.
#include "coding/energy_forecast.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace aircomp::runtime {
namespace {

/// Ridge of standardised features, as many samples as it counts for.
constexpr double ridge = 0.5;

/// How far beyond what calibration saw energies may be foretold, in the log: a factor of 4.
const double margin = std::log(4.0);

double foretold(const std::vector<float>& weights, const EnergyFeatures& features) {
    double sum = 0;
    for (std::size_t i = 0; i < features.size(); ++i)
        sum += static_cast<double>(weights[i]) * features[i];
    return sum;
}

}  // namespace

double log_energy(double mean_square) {
    return std::log(std::max(mean_square, 1e-12));
}

std::vector<float> fit_energy(gsl::span<const EnergySample> samples) {
    if (samples.size() < 2) throw std::invalid_argument("an energy fit needs at least two samples");
    const auto count = static_cast<Eigen::Index>(samples.size());
    Eigen::MatrixXd x(count, static_cast<Eigen::Index>(energy_features));
    Eigen::VectorXd y(count);
    for (Eigen::Index i = 0; i < count; ++i) {
        const EnergySample& sample = samples[static_cast<std::size_t>(i)];
        x.row(i) = Eigen::Map<const Eigen::RowVectorXd>(sample.features.data(), x.cols());
        y(i) = sample.log_energy;
    }
    // The first feature is the constant.
    Eigen::RowVectorXd mean = x.colwise().mean();
    mean(0) = 0;
    Eigen::MatrixXd centred = x.rowwise() - mean;
    Eigen::RowVectorXd deviation =
        (centred.colwise().squaredNorm() / static_cast<double>(count)).cwiseSqrt();
    for (Eigen::Index i = 0; i < deviation.size(); ++i)
        if (i == 0 || deviation(i) < 1e-9) deviation(i) = 1;
    centred.array().rowwise() /= deviation.array();
    Eigen::MatrixXd gram = centred.transpose() * centred;
    gram.diagonal().array() += ridge;
    Eigen::VectorXd weights = gram.ldlt().solve(centred.transpose() * y);
    weights.array() /= deviation.transpose().array();
    weights(0) -= mean.tail(mean.size() - 1).dot(weights.tail(weights.size() - 1));
    std::vector<float> result(energy_features);
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = static_cast<float>(weights(static_cast<Eigen::Index>(i)));
    return result;
}

EnergyForecast::EnergyForecast(const std::vector<float>& weights,
                               gsl::span<const EnergySample> samples)
    : weights_(weights) {
    if (weights.size() != energy_features) {
        throw std::invalid_argument("energy weights: expected " + std::to_string(energy_features) +
                                    ", found " + std::to_string(weights.size()));
    }
    if (samples.empty()) throw std::invalid_argument("an energy forecast needs a sample");
    least_ = most_ = samples[0].log_energy;
    // What is foretold has the energy of what was seen, on average.
    double ratio = 0;
    for (const EnergySample& sample : samples) {
        ratio += std::exp(sample.log_energy - foretold(weights_, sample.features));
        least_ = std::min(least_, sample.log_energy);
        most_ = std::max(most_, sample.log_energy);
    }
    shift_ = std::log(ratio / static_cast<double>(samples.size()));
    least_ -= margin;
    most_ += margin;
}

double EnergyForecast::energy(const EnergyFeatures& features) const {
    return std::exp(std::clamp(foretold(weights_, features) + shift_, least_, most_));
}

}  // namespace aircomp::runtime
