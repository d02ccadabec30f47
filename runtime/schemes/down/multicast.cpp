// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `multicast`: codes of downlink_bits bits on the air, at the rate of the weakest device,
// equation (12).
#include <algorithm>
#include <limits>
#include <vector>

#include "aircomp/optimizer/multicast.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

using Channels = std::vector<Eigen::MatrixXcd>;

/// Those of the devices that listen.
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

class Multicast final : public WayDown {
public:
    void bring(RadioCell& cell, gsl::span<float> sum) override {
        const int bits = cell.config().radio.downlink_bits;
        quantise(sum, bits);
        cell.charge_downlink(
            cell.air_time_s(bits * static_cast<double>(sum.size()) / bits_per_use(cell)));
    }

private:
    /// Of the channels as they are, with a covariance for those that the server knows.
    double bits_per_use(const RadioCell& cell) {
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

    Channels designed_for_;
    Eigen::MatrixXcd factor_;
};

}  // namespace

Downlink multicast_downlink() {
    return {"multicast", "codes of downlink_bits bits on the air, at the weakest device's rate",
            [] { return std::make_unique<Multicast>(); }};
}

}  // namespace aircomp::runtime
