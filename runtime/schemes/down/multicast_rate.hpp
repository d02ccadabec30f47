// SPDX-License-Identifier: GPL-3.0-or-later
// What the server's multicast carries, equation (12): all ways down on the air are charged by it.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "air/radio_cell.hpp"

namespace aircomp::runtime {

class MulticastRate {
public:
    /// Bits a channel use at the weakest device that takes part, over the channels as they are now,
    /// with the covariance of radio.multicast_covariance; the best one is made for the channels that
    /// the server knows.
    double bits_per_use(const RadioCell& cell);

private:
    std::vector<Eigen::MatrixXcd> designed_for_;
    Eigen::MatrixXcd factor_;
};

}  // namespace aircomp::runtime
