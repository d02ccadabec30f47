// SPDX-License-Identifier: GPL-3.0-or-later
// Listeners, covariance, the weakest device.
#include "schemes/down/multicast_rate.hpp"

#include <algorithm>
#include <cmath>

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

/// F of equation (12), Q = F F^H.
Eigen::MatrixXcd factor_of(const RadioCell& cell) {
    const RadioConfig& radio = cell.config().radio;
    if (radio.multicast_covariance == MulticastCovariance::best) {
        return optimizer::design_multicast(of_listeners(cell, cell.block().estimates), snr(cell))
            .factor;
    }
    const Eigen::Index antennas = radio.server_antennas;
    return Eigen::MatrixXcd::Identity(antennas, antennas) / std::sqrt(radio.server_antennas);
}

}  // namespace

double MulticastRate::uses(const RadioCell& cell, double bits) {
    if (cell.block().index != block_) {
        factor_ = factor_of(cell);
        look_at(cell);
        block_ = cell.block().index;
    } else if (cell.config().radio.doppler_hz > 0) {
        look_at(cell);
    }
    double most = 0;
    for (const CodedChannel& link : links_)
        most = std::max(most, link.uses(bits));
    return most;
}

void MulticastRate::look_at(const RadioCell& cell) {
    links_.clear();
    for (const Eigen::MatrixXcd& h : of_listeners(cell, cell.block().channels)) {
        const Eigen::MatrixXcd received = h.adjoint() * factor_;
        links_.emplace_back(received * received.adjoint(), snr(cell), cell.config());
    }
}

}  // namespace aircomp::runtime
