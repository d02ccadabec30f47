// SPDX-License-Identifier: GPL-3.0-or-later
// Channels, their motion and their estimates.
#include "air/sounded_link.hpp"

#include <cmath>

namespace aircomp::runtime {

// The least-squares estimate, shrunk by the path gain, is the conditional mean.
SoundedLink::SoundedLink(const RadioConfig& radio, const optimizer::Link& link,
                         double pilot_variance, bool moving, optimizer::Random& channel,
                         optimizer::Random& pilots)
    : age_s_(radio.knowledge_age_s) {
    if (moving && radio.doppler_hz > 0) {
        fading_.emplace(link, radio.doppler_hz, channel);
        channel_ = fading_->channel(0);
    } else {
        channel_ = optimizer::draw_channel(link, channel);
    }
    if (radio.channel_knowledge == ChannelKnowledge::perfect) {
        estimate_ = channel_;
        return;
    }
    const double shrinkage = link.path_gain / (link.path_gain + pilot_variance);
    const Eigen::MatrixXcd noise =
        optimizer::complex_normal(pilots, channel_.rows(), channel_.cols());
    estimate_ = shrinkage * (channel_ + std::sqrt(pilot_variance) * noise);
    error_variance_ = shrinkage * pilot_variance;
}

Eigen::MatrixXcd SoundedLink::channel(double time_s) const {
    return fading_ ? fading_->channel(age_s_ + time_s) : channel_;
}

double rician_factor(const RadioConfig& radio) {
    return radio.fading == Fading::rician ? radio.rician_factor : 0;
}

double correlation_of_design(const RadioConfig& radio) {
    return optimizer::jakes_correlation(radio.doppler_hz,
                                        radio.knowledge_age_s + radio.coherence_block_s / 2);
}

}  // namespace aircomp::runtime
