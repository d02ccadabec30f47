// SPDX-License-Identifier: GPL-3.0-or-later
// What it takes to bring bits over a channel without errors, for every digital transmission of every
// scheme, up and down.
#pragma once

#include <Eigen/Core>

#include "config/config.hpp"

namespace aircomp::runtime {

/// log2 det(I + gain gram), bits per channel use.
double capacity_bits(const Eigen::MatrixXcd& gram, double gain);

/// One channel with Gaussian inputs of a given covariance.
class CodedChannel {
public:
    CodedChannel() = default;
    /// `gram`: H Q H^H, of one transmitter or the sum of several that are told apart; `gain` over the
    /// noise. Costs and code are the configuration's.
    CodedChannel(const Eigen::MatrixXcd& gram, double gain, const Config& config);

    /// Channel uses that a vector of `bits` takes on average. As the paper counts, bits over
    /// capacity; with whole costs the n of equation (16) over 1 - eps, for a vector that fails is
    /// sent again. Infinite where the channel carries nothing.
    double uses(double bits) const;

private:
    double capacity_bits_ = 0;  ///< C
    double root_penalty_ = 0;   ///< sqrt(V) Qinv(eps); 0: Shannon's rate.
    double tries_ = 1;          ///< 1 / (1 - eps)
    bool finite_ = false;
};

}  // namespace aircomp::runtime
