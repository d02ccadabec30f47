// SPDX-License-Identifier: GPL-3.0-or-later
// Eigenvectors as products of Householder reflections, so that a basis of a few directions costs a few
// products (G. Golub, C. Van Loan, Matrix Computations, 5.1).
#include <algorithm>

#include "libtorch/fit_tensors.hpp"
#include "libtorch/moments.hpp"

namespace aircomp::inference {
namespace {

constexpr double steps_per_octave = 4;

/// Rows r_i of the reflections I - r_i r_i^T that take the columns of `vectors`, orthonormal, to the
/// first coordinates, up to their signs.
at::Tensor reflectors_of(const at::Tensor& vectors) {
    const auto [factored, tau] = at::geqrf(vectors);
    const std::int64_t rank = vectors.size(1);
    const at::Tensor unit = at::eye(vectors.size(0), rank, vectors.options());
    return ((factored.tril(-1) + unit) * tau.sqrt()).t();
}

/// diag(K^T C K)
at::Tensor variances_of(const at::Tensor& covariance, const at::Tensor& reflectors) {
    at::Tensor turned = covariance;
    for (std::int64_t i = 0; i < reflectors.size(0); ++i) {
        const at::Tensor r = reflectors[i];
        turned = turned - at::outer(r, at::mv(turned.t(), r));
        turned = turned - at::outer(at::mv(turned, r), r);
    }
    return turned.diagonal();
}

class UpdateTensors final : public UpdateMoments {
public:
    UpdateTensors(std::int64_t hidden_size, std::int64_t rank)
        : hidden_size_(hidden_size),
          rank_(std::min(rank, hidden_size)),
          sums_(rank == 0 ? at::zeros({hidden_size}) : at::zeros({hidden_size, hidden_size})) {}

    void add(const SiteInputs& inputs, gsl::span<const float> x) override;
    UpdateBasis basis() const override;

private:
    std::int64_t hidden_size_;
    std::int64_t rank_;
    at::Tensor sums_;  // of outer products; of squares for rank 0
    std::int64_t tokens_ = 0;
};

void UpdateTensors::add(const SiteInputs& inputs, gsl::span<const float> x) {
    const at::Tensor rows = ordinary_rows(inputs, hidden_size_);
    const at::Tensor u = matrix(inputs.partial, hidden_size_).index_select(0, rows) *
                         inverse_root_mean_square(x, rows, hidden_size_);
    if (rank_ == 0) {
        sums_ += u.square().sum(0);
    } else {
        sums_.addmm_(u.t(), u);
    }
    tokens_ += rows.size(0);
}

UpdateBasis UpdateTensors::basis() const {
    UpdateBasis basis;
    basis.widths.assign(static_cast<std::size_t>(hidden_size_), 0.0F);
    if (tokens_ == 0) return basis;
    basis.rank = rank_;
    at::Tensor variances = sums_.to(at::kDouble);
    if (rank_ > 0) {
        const at::Tensor strongest =
            spectrum_of(variances).vectors.slice(1, hidden_size_ - rank_).flip(1).contiguous();
        const at::Tensor reflectors = reflectors_of(strongest);
        basis.reflectors = values_of(reflectors);
        variances = variances_of(variances, reflectors);
    }
    variances = variances.clamp_min(1e-30);
    const at::Tensor octaves = (variances / variances.max()).log2() / 2;
    basis.widths = values_of((octaves * steps_per_octave).round().clamp_min(-most_narrower));
    return basis;
}

}  // namespace

std::unique_ptr<UpdateMoments> make_update_moments(std::int64_t hidden_size, std::int64_t rank) {
    return std::make_unique<UpdateTensors>(hidden_size, rank);
}

}  // namespace aircomp::inference
