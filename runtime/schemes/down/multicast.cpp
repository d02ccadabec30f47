// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `multicast`: codes of downlink_bits bits on the air, at the rate of the weakest device,
// equation (12). The server goes on from what the codes say, as the devices do.
#include <vector>

#include "coding/packed_partial.hpp"
#include "schemes/down/on_air.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

class Multicast final : public OnAir {
public:
    using OnAir::OnAir;

    void bring(RadioCell& cell, gsl::span<const float>, SumCopies sum) override {
        const int bits = cell.config().radio.downlink_bits;
        std::vector<std::uint8_t> message(packed_bytes(sum.server.size(), bits));
        pack(sum.server, bits, message);
        const double range_bits = cell.config().costs == Costs::whole ? scale_bits : 0;
        const double all_bits = bits * static_cast<double>(sum.server.size()) + range_bits;
        broadcast().send(cell, message, all_bits);
        unpack(message, bits, sum.server);
        sum.share();
    }
};

}  // namespace

Downlink multicast_downlink() {
    Downlink way = {"multicast",
                    "codes of downlink_bits bits on the air, at the weakest device's rate",
                    [](std::shared_ptr<Broadcast> broadcast) {
                        return std::make_unique<Multicast>(std::move(broadcast));
                    }};
    way.on_air = true;
    return way;
}

}  // namespace aircomp::runtime
