// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing and moving the paths after the first.
#include "air/later_paths.hpp"

#include <cmath>

namespace aircomp::runtime {

LaterPaths::LaterPaths(const std::vector<double>& powers, const Eigen::MatrixXcd& shape,
                       double doppler_hz, optimizer::Random& random)
    : gains_(powers.size(), Eigen::MatrixXcd(shape.rows(), shape.cols())) {
    if (doppler_hz > 0) {
        for (const double power : powers)
            fading_.emplace_back(optimizer::Link{shape.rows(), shape.cols(), power, 0}, doppler_hz,
                                 random);
        move(0);
        return;
    }
    for (Eigen::Index t = 0; t < shape.cols(); ++t) {
        for (Eigen::Index r = 0; r < shape.rows(); ++r) {
            for (std::size_t i = 0; i < powers.size(); ++i)
                gains_[i](r, t) =
                    std::sqrt(powers[i]) * optimizer::complex_normal(random, 1, 1)(0, 0);
        }
    }
}

void LaterPaths::move(double seconds) {
    for (std::size_t i = 0; i < fading_.size(); ++i)
        gains_[i] = fading_[i].channel(seconds);
}

}  // namespace aircomp::runtime
