// SPDX-License-Identifier: GPL-3.0-or-later
// How strong the partials of a site will be, told from what all devices know: a regression of the
// log of their energy, so that nobody has to send a scale (docs/system-model.md section 3).
#pragma once

#include <array>
#include <cstddef>
#include <gsl/span>
#include <vector>

namespace aircomp::runtime {

/// What it is told from: 1; log mean squares of the stream, of what was foretold of the sum, of the
/// last four sums of the token and of what was received for the last two. What is not there is 0.
constexpr std::size_t energy_features = 9;
using EnergyFeatures = std::array<double, energy_features>;

/// log of a mean square, of which 0 is kept from being -infinity.
double log_energy(double mean_square);

/// One vector of a calibrating run.
struct EnergySample {
    EnergyFeatures features;
    double log_energy;  ///< Of all devices' partials together, per real.
};

/// Ridge regression on standardised features. Throws std::invalid_argument for fewer than two samples.
std::vector<float> fit_energy(gsl::span<const EnergySample> samples);

class EnergyForecast {
public:
    /// `weights` as fit_energy() makes them. `samples`, of the run at hand, move and bound what is
    /// foretold: other shares have another energy. Throws std::invalid_argument for other than
    /// energy_features weights, or without samples.
    EnergyForecast(const std::vector<float>& weights, gsl::span<const EnergySample> samples);

    /// Mean square of a real, summed over the devices.
    double energy(const EnergyFeatures& features) const;

private:
    std::vector<float> weights_;
    double shift_ = 0;
    double least_ = 0, most_ = 0;  ///< Of the log.
};

}  // namespace aircomp::runtime
