// SPDX-License-Identifier: GPL-3.0-or-later
// Measured losses, and codes that keep to one.
#include "experiment/error_budget.hpp"

#include <cmath>

#include "coding/lloyd_max.hpp"

namespace aircomp::runtime {
namespace {

/// Sum of SmolLM2-135M's sensitivities in the calibration that the program makes of it.
constexpr double sensitivity_of_smollm2 = 1.762;

/// Range of a rotated vector that levels at equal distances have to cover, in standard deviations.
constexpr double uniform_range = 3.5;

/// Of closed-loop-transform: bits a value that cost as much as an NMSE of transform_reference_nmse, how
/// much less a bit more leaves out, and what steps cost over what they are configured to.
constexpr double transform_reference_bits = 3.82;
constexpr double transform_reference_nmse = 0.005;
constexpr double transform_gain_of_bit = 4.3;
constexpr double transform_measured_loss = 0.79;

}  // namespace

ErrorBudget error_budget(bool calibrated, std::optional<double> sensitivity) {
    ErrorBudget budget = calibrated ? ErrorBudget{3.2, 4.3, 1.43, 4.5, 0.8, sensitivity_of_smollm2}
                                    : ErrorBudget{22, 17.3, 3.4, 8.2, 0.8, 0};
    if (!sensitivity) return budget;
    const double ratio = *sensitivity / sensitivity_of_smollm2;
    for (double* const cost : {&budget.over_air, &budget.codes, &budget.codes_fed_back,
                               &budget.inputs, &budget.down, &budget.sensitivity})
        *cost *= ratio;
    return budget;
}

double total_sensitivity(const std::vector<float>& sensitivities) {
    // Energies are in proportion to the roots, of mean 1: sum_s k_s / a_s.
    double roots = 0;
    for (const float sensitivity : sensitivities)
        roots += std::sqrt(static_cast<double>(sensitivity));
    return roots * roots / static_cast<double>(sensitivities.size());
}

double code_nmse(Quantiser quantiser, double bits) {
    const double fewer = std::floor(bits), part = bits - fewer;
    if (part > 0)
        return (1 - part) * code_nmse(quantiser, fewer) + part * code_nmse(quantiser, fewer + 1);
    if (quantiser == Quantiser::lloyd_max) return LloydMax::of(static_cast<int>(bits)).distortion();
    const double step = uniform_range / (std::pow(2.0, bits - 1) - 1);
    return step * step / 12;
}

double transform_nmse(double bits) {
    return transform_reference_nmse *
           std::pow(transform_gain_of_bit, transform_reference_bits - bits);
}

double transform_steps_nats(double loss_nats) {
    return loss_nats / transform_measured_loss;
}

std::optional<double> fewest_bits(Quantiser quantiser, double per_nmse, double loss) {
    const int most = quantiser == Quantiser::lloyd_max ? most_lloyd_max_bits : 16;
    for (int tenths = 20; tenths <= 10 * most; ++tenths) {
        const double bits = static_cast<double>(tenths) / 10;
        if (per_nmse * code_nmse(quantiser, bits) <= loss) return bits;
    }
    return std::nullopt;
}

}  // namespace aircomp::runtime
