// SPDX-License-Identifier: GPL-3.0-or-later
// Listeners, covariance, the weakest device.
#include "schemes/down/multicast_rate.hpp"

#include <algorithm>
#include <limits>

#include "aircomp/optimizer/multicast.hpp"

namespace aircomp::runtime {
namespace {

using Channels = std::vector<Eigen::MatrixXcd>;

/// Those of the devices that take part.
Channels of_listeners(const RadioCell& cell, const Channels& channels) {
    Channels listeners;
    for (std::size_t n = 0; n < channels.size(); ++n) {
        if (cell.takes_part(n)) listeners.push_back(channels[n]);
    }
    return listeners;
}

/// rho of equation (12).
double snr(const RadioCell& cell) {
    return cell.config().radio.server_power_w / cell.noise_power_w();
}

}  // namespace

double MulticastRate::bits_per_use(const RadioCell& cell) {
    const Channels channels = of_listeners(cell, cell.block().channels);
    if (cell.config().radio.multicast_covariance == MulticastCovariance::white)
        return optimizer::white_multicast_bits(channels, snr(cell));
    const Channels known = of_listeners(cell, cell.block().estimates);
    if (known != designed_for_) {
        factor_ = optimizer::design_multicast(known, snr(cell)).factor;
        designed_for_ = known;
    }
    double weakest = std::numeric_limits<double>::infinity();
    for (const auto& h : channels) {
        const Eigen::MatrixXcd received = h.adjoint() * factor_;
        weakest = std::min(weakest, capacity_bits(received * received.adjoint(), snr(cell)));
    }
    return weakest;
}

}  // namespace aircomp::runtime
