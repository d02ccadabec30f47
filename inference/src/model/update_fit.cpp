// SPDX-License-Identifier: GPL-3.0-or-later
// The fit of updates as users have it; the part of libtorch computes it.
#include "aircomp/inference/update_basis.hpp"

#include "model/torch_part.hpp"

namespace aircomp::inference {

struct UpdateFit::Moments {
    std::unique_ptr<UpdateMoments> tensors;
};

UpdateFit::UpdateFit(std::int64_t hidden_size, std::int64_t rank)
    : moments_(new Moments{torch_part().update_moments(hidden_size, rank)}) {}

UpdateFit::~UpdateFit() = default;
UpdateFit::UpdateFit(UpdateFit&&) noexcept = default;
UpdateFit& UpdateFit::operator=(UpdateFit&&) noexcept = default;

void UpdateFit::add(const SiteInputs& inputs, gsl::span<const float> x) {
    moments_->tensors->add(inputs, x);
}

UpdateBasis UpdateFit::basis() const {
    return moments_->tensors->basis();
}

}  // namespace aircomp::inference
