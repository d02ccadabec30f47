// SPDX-License-Identifier: GPL-3.0-or-later
// Features of the energy forecast.
#include "engine/energy_history.hpp"

#include "coding/exact_sum.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t sums_kept = 4, received_kept = 2;
static_assert(energy_features == 3 + sums_kept + received_kept);

void keep(std::deque<std::vector<double>>& history, std::vector<double> last, std::size_t most) {
    history.push_front(std::move(last));
    if (history.size() > most) history.pop_back();
}

}  // namespace

EnergyHistory::EnergyHistory(std::int64_t vectors, std::int64_t length)
    : vectors_(static_cast<std::size_t>(vectors)),
      length_(static_cast<std::size_t>(length)),
      features_(vectors_) {}

std::vector<double> EnergyHistory::log_energies(gsl::span<const float> values) const {
    std::vector<double> logs(vectors_);
    for (std::size_t v = 0; v < vectors_; ++v)
        logs[v] = log_energy(mean_square(values.subspan(v * length_, length_)));
    return logs;
}

gsl::span<const EnergyFeatures> EnergyHistory::features(gsl::span<const float> x,
                                                        gsl::span<const float> foretold) {
    const auto stream = log_energies(x);
    const auto expected = log_energies(foretold);
    for (std::size_t v = 0; v < vectors_; ++v) {
        EnergyFeatures& features = features_[v];
        features.fill(0);
        features[0] = 1;
        features[1] = stream[v];
        features[2] = expected[v];
        for (std::size_t i = 0; i < sums_.size(); ++i)
            features[3 + i] = sums_[i][v];
        for (std::size_t i = 0; i < received_.size(); ++i)
            features[3 + sums_kept + i] = received_[i][v];
    }
    return features_;
}

void EnergyHistory::add(gsl::span<const float> received, gsl::span<const float> sum) {
    keep(sums_, log_energies(sum), sums_kept);
    keep(received_, log_energies(received), received_kept);
}

}  // namespace aircomp::runtime
