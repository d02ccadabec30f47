// SPDX-License-Identifier: GPL-3.0-or-later
// What all devices have seen of a token so far, as the energy of its next partials is told from it.
#pragma once

#include <cstdint>
#include <deque>
#include <gsl/span>
#include <vector>

#include "coding/energy_forecast.hpp"

namespace aircomp::runtime {

/// Of the tokens of one pass, from their first site on.
class EnergyHistory {
public:
    EnergyHistory(std::int64_t vectors, std::int64_t length);

    /// For the next site: `x` is the stream before it, `foretold` what is foretold of its sum,
    /// [vectors, length]. Valid until the next call.
    gsl::span<const EnergyFeatures> features(gsl::span<const float> x,
                                             gsl::span<const float> foretold);

    /// What was received at that site and what the sum became, [vectors, length].
    void add(gsl::span<const float> received, gsl::span<const float> sum);

private:
    std::vector<double> log_energies(gsl::span<const float> values) const;

    std::size_t vectors_;
    std::size_t length_;
    std::deque<std::vector<double>> sums_,
        received_;  // log energies by vector, the last site first
    std::vector<EnergyFeatures> features_;
};

}  // namespace aircomp::runtime
