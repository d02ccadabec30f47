// SPDX-License-Identifier: GPL-3.0-or-later
// One link in one coherence block: the channel that nature drew, moving on where there is Doppler,
// and what its receiver knows of it from pilots.
#pragma once

#include <Eigen/Core>
#include <optional>

#include "aircomp/optimizer/channel.hpp"
#include "config/config.hpp"

namespace aircomp::runtime {

class SoundedLink {
public:
    /// `channel` and `pilots` draw what belongs to the one and the other. `pilot_variance`: of an
    /// entry by least squares. Doppler is the configuration's where the link is `moving`.
    SoundedLink(const RadioConfig& radio, const optimizer::Link& link, double pilot_variance,
                bool moving, optimizer::Random& channel, optimizer::Random& pilots);

    /// H at a time after the block's begin, s; sounding was radio.knowledge_age_s before that.
    Eigen::MatrixXcd channel(double time_s) const;

    /// Conditional mean of the sounded channel given the pilots, and the error variance of an
    /// entry.
    const Eigen::MatrixXcd& estimate() const { return estimate_; }
    double error_variance() const { return error_variance_; }

private:
    double age_s_;
    std::optional<optimizer::JakesFading> fading_;
    Eigen::MatrixXcd channel_;  // when it was sounded
    Eigen::MatrixXcd estimate_;
    double error_variance_ = 0;
};

/// Line-of-sight over scattered power of the configuration's links, 0 with Rayleigh fading.
double rician_factor(const RadioConfig& radio);

/// Of the sounded channels with those of the middle of the block, which a design is made for.
double correlation_of_design(const RadioConfig& radio);

}  // namespace aircomp::runtime
