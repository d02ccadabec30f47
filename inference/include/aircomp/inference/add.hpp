// SPDX-License-Identifier: GPL-3.0-or-later
// How vectors enter a sum.
#pragma once

#include <algorithm>
#include <functional>
#include <gsl/span>

namespace aircomp::inference {

/// sum += values, element by element. `sum` has as many elements, of float or double.
template <typename Sum>
void add(gsl::span<const float> values, Sum&& sum) {
    std::transform(values.begin(), values.end(), sum.begin(), sum.begin(), std::plus<>());
}

}  // namespace aircomp::inference
