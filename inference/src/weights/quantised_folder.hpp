// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the matrices of a quantised folder among its tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <map>
#include <string>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "weights/quantised_matrix.hpp"

namespace aircomp::inference {

/// A tensor as its file has it.
struct StoredTensor {
    std::string type;  ///< As the file calls it.
    std::vector<std::int64_t> shape;
    gsl::span<const std::byte> bytes;
};
using StoredTensors = std::map<std::string, StoredTensor>;

/// The quantised matrices, each under the name that it would have as floats: `X.weight` for GPTQ's
/// and AWQ's `X.qweight`, for `X.weight_packed` of compressed-tensors, and for an `X.weight` of 8 bit
/// integers or floats with a scale. All that belongs to them is taken out of `tensors`. `folder`
/// begins errors, which are std::runtime_error that name the tensor.
std::map<std::string, QuantisedMatrix> take_quantised(const Quantisation& quantisation,
                                                      const std::string& folder,
                                                      StoredTensors& tensors);

}  // namespace aircomp::inference
