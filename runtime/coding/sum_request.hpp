// SPDX-License-Identifier: GPL-3.0-or-later
// What an all-reduce is asked for: the devices' partials of one site.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "coding/site.hpp"

namespace aircomp::runtime {

/// The partials of one site for one or several consecutive tokens, a vector each.
struct SumRequest {
    Site site;
    std::int64_t position = 0;  ///< Of the first token in its sequence.
    std::int64_t vectors = 1;
    std::int64_t length = 0;  ///< D, reals of one vector.
    /// One per device, row-major [vectors, length].
    gsl::span<const std::vector<float>> partials;
    /// The residual stream before the sum, the same on every device, [vectors, length].
    gsl::span<const float> residual;

    /// Vector `v` of `device`.
    gsl::span<const float> partial(std::size_t device, std::int64_t v) const {
        return gsl::span<const float>(partials[device])
            .subspan(static_cast<std::size_t>(v * length), static_cast<std::size_t>(length));
    }
};

}  // namespace aircomp::runtime
