// SPDX-License-Identifier: GPL-3.0-or-later
// How partials of a model are shaped before they are sent: the same at all devices and the server
// (docs/system-model.md section 11).
#pragma once

#include <limits>
#include <vector>

#include "coding/site_transform.hpp"

namespace aircomp::runtime {

struct Shape {
    std::vector<SiteTransform> transforms;  ///< By Site::index; empty: none.
    /// How far a vector's energy may be above the mean, as a ratio; what is beyond is scaled down.
    double vector_headroom = std::numeric_limits<double>::infinity();
    /// What is scaled away or clipped goes with the same token's next vector.
    bool carries = false;
};

}  // namespace aircomp::runtime
