// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `multicast`: codes of downlink_bits bits on the air, at the rate of the weakest device,
// equation (12).
#include <algorithm>
#include <limits>

#include "coding/packed_partial.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

double bits_per_use(const RadioCell& cell) {
    const RadioConfig& radio = cell.config().radio;
    const double gain = radio.server_power_w / (radio.server_antennas * cell.noise_power_w());
    double weakest = std::numeric_limits<double>::infinity();
    for (std::size_t n = 0; n < cell.block().channels.size(); ++n) {
        if (!cell.takes_part(n)) continue;
        const auto& h = cell.block().channels[n];
        weakest = std::min(weakest, capacity_bits(h.adjoint() * h, gain));
    }
    return weakest;
}

class Multicast final : public WayDown {
public:
    void bring(RadioCell& cell, gsl::span<float> sum) override {
        const int bits = cell.config().radio.downlink_bits;
        quantise(sum, bits);
        cell.charge_downlink(
            cell.air_time_s(bits * static_cast<double>(sum.size()) / bits_per_use(cell)));
    }
};

}  // namespace

Downlink multicast_downlink() {
    return {"multicast", "codes of downlink_bits bits on the air, at the weakest device's rate",
            [] { return std::make_unique<Multicast>(); }};
}

}  // namespace aircomp::runtime
