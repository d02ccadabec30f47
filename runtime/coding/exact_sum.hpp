// SPDX-License-Identifier: GPL-3.0-or-later
// The sum over devices as it should be: in float64, rounded once.
#pragma once

#include <gsl/span>

#include "coding/sum_request.hpp"

namespace aircomp::runtime {

/// Throws std::invalid_argument where the request's sizes disagree among themselves or with
/// `sum`, std::domain_error, naming site and device, where a partial is not finite.
void check_request(const SumRequest& request, const SumCopies& sum);

/// Equation (1), [vectors, length].
void exact_sum(const SumRequest& request, gsl::span<float> sum);

/// Mean square of `x`; 0 where it is empty.
double mean_square(gsl::span<const float> x);

/// As messages name it: "layer 3 mlp".
std::string to_string(const Site& site);

}  // namespace aircomp::runtime
