// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors that the fits of a calibration share: rows of a window as matrices, decompositions.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/decoder.hpp"

namespace aircomp::inference {

/// [rows, columns], of values that have to outlive it.
inline at::Tensor matrix(gsl::span<const float> values, std::int64_t columns) {
    // from_blob() takes no const pointer; the tensor is only read.
    return at::from_blob(const_cast<float*>(values.data()),
                         {static_cast<std::int64_t>(values.size()) / columns, columns}, at::kFloat);
}

std::vector<float> values_of(const at::Tensor& tensor);

/// Rows of a window that fits take in: not of position 0, not of massive activations.
at::Tensor ordinary_rows(const SiteInputs& inputs, std::int64_t hidden_size);

/// What each of those rows of the stream `x` is divided by: 1 over its root mean square, [rows, 1].
at::Tensor inverse_root_mean_square(gsl::span<const float> x, const at::Tensor& rows,
                                    std::int64_t hidden_size);

struct Spectrum {
    at::Tensor values, vectors;

    /// The same vectors with values^exponent.
    at::Tensor power(double exponent) const {
        return at::mm(vectors * values.pow(exponent), vectors.t());
    }
};

/// Of a symmetric matrix whose eigenvalues are kept from being 0, ascending.
Spectrum spectrum_of(const at::Tensor& symmetric);

}  // namespace aircomp::inference
