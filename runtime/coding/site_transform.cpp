// SPDX-License-Identifier: GPL-3.0-or-later
// Low-rank transforms.
#include "coding/site_transform.hpp"

namespace aircomp::runtime {

SiteTransform::SiteTransform(const inference::TransformFactors& factors, std::int64_t length)
    : directions_(Eigen::Map<const Eigen::MatrixXf>(factors.vectors.data(), length, factors.rank)),
      gains_(Eigen::Map<const Eigen::VectorXf>(factors.gains.data(), factors.rank)) {
    inverse_gains_ = gains_.cwiseInverse().array() - 1;
    gains_.array() -= 1;
}

void SiteTransform::add_directions(gsl::span<float> vector, const Eigen::VectorXf& gains) const {
    if (gains.size() == 0) return;
    Eigen::Map<Eigen::VectorXf> v(vector.data(), static_cast<Eigen::Index>(vector.size()));
    const Eigen::VectorXf parts = (directions_.transpose() * v).cwiseProduct(gains);
    v.noalias() += directions_ * parts;
}

}  // namespace aircomp::runtime
