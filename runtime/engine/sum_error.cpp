// SPDX-License-Identifier: GPL-3.0-or-later
// Squared errors and powers.
#include "engine/sum_error.hpp"

#include <cstddef>

namespace aircomp::runtime {

void SumError::add(gsl::span<const float> sum, gsl::span<const float> exact) {
    double errors = 0, signals = 0;
    const float *const found = sum.data(), *const wanted = exact.data();
    const std::size_t size = sum.size();
#pragma omp simd reduction(+ : errors, signals)
    for (std::size_t i = 0; i < size; ++i) {
        const double right = static_cast<double>(wanted[i]);
        const double difference = static_cast<double>(found[i]) - right;
        errors += difference * difference;
        signals += right * right;
    }
    error += errors;
    signal += signals;
}

}  // namespace aircomp::runtime
