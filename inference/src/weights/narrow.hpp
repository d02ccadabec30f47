// SPDX-License-Identifier: GPL-3.0-or-later
// float32 values to the types that weights are stored in; the other way round is widen().
#pragma once

#include <cstddef>
#include <gsl/span>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// Writes `values` as `type` to `out`, rounded to nearest, ties to even.
void narrow(DataType type, gsl::span<const float> values, std::byte* out);

}  // namespace aircomp::inference
