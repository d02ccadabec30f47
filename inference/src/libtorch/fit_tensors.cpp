// SPDX-License-Identifier: GPL-3.0-or-later
// Rows, norms, eigenvalues.
#include "libtorch/fit_tensors.hpp"

namespace aircomp::inference {
namespace {

/// Times the median energy from where on a token counts as a massive activation.
constexpr float most_energy = 20;

}  // namespace

std::vector<float> values_of(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.to(at::kFloat).contiguous();
    const float* const data = plain.data_ptr<float>();
    return {data, data + plain.numel()};
}

at::Tensor ordinary_rows(const SiteInputs& inputs, std::int64_t hidden_size) {
    const at::Tensor energy = matrix(inputs.partial, hidden_size).square().sum(1);
    at::Tensor kept = energy <= most_energy * energy.median();
    if (inputs.position == 0) kept[0] = false;
    return kept.nonzero().flatten();
}

at::Tensor inverse_root_mean_square(gsl::span<const float> x, const at::Tensor& rows,
                                    std::int64_t hidden_size) {
    return matrix(x, hidden_size)
        .index_select(0, rows)
        .square()
        .mean(1, true)
        .clamp_min(1e-30)
        .rsqrt();
}

Spectrum spectrum_of(const at::Tensor& symmetric) {
    auto [values, vectors] = at::linalg_eigh(symmetric.to(at::kDouble));
    return {values.clamp_min(values.max().item<double>() * 1e-9), vectors};
}

}  // namespace aircomp::inference
