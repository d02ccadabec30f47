// SPDX-License-Identifier: GPL-3.0-or-later
// Squared errors and powers.
#include "engine/sum_error.hpp"

namespace aircomp::runtime {

void SumError::add(gsl::span<const float> sum, gsl::span<const float> exact) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const double difference = static_cast<double>(sum[i]) - exact[i];
        error += difference * difference;
        signal += static_cast<double>(exact[i]) * exact[i];
    }
}

}  // namespace aircomp::runtime
