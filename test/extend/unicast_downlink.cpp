// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `unicast`: codes of downlink_bits bits on the air, to one device after the other, each at
// its own rate. What a new way down begins from (docs/extend/downlink.md).
#include "air/coded_channel.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

class Unicast final : public WayDown {
public:
    void bring(RadioCell& cell, gsl::span<const float>, SumCopies sum) override {
        const RadioConfig& radio = cell.config().radio;
        quantise(sum.server, static_cast<int>(radio.downlink_bits));
        sum.share();
        const double bits = radio.downlink_bits * static_cast<double>(sum.server.size());
        const double gain = radio.server_power_w / (radio.server_antennas * cell.noise_power_w());
        double uses = 0;
        for (std::size_t n = 0; n < cell.block().channels.size(); ++n) {
            if (!cell.takes_part(n)) continue;
            const auto& h = cell.block().channels[n];
            uses += CodedChannel(h.adjoint() * h, gain, cell.config()).uses(bits);
        }
        cell.charge_downlink(cell.air_time_s(uses));
    }
};

}  // namespace

Downlink unicast_downlink() {
    return {"unicast", "codes of downlink_bits bits on the air, to one device after the other",
            [](const std::shared_ptr<Broadcast>&) { return std::make_unique<Unicast>(); }};
}

}  // namespace aircomp::runtime
