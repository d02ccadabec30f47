// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `multicast`: codes of downlink_bits bits on the air, at the rate of the weakest device,
// equation (12). The server goes on from what the codes say, as the devices do.
#include <vector>

#include "coding/packed_partial.hpp"
#include "schemes/down/on_air.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

int bits_of(const RadioConfig& radio) {
    return static_cast<int>(radio.downlink_bits);
}

std::size_t message_bytes(const RadioConfig& radio, std::size_t length) {
    return packed_bytes(length, bits_of(radio));
}

void write(const RadioConfig& radio, gsl::span<const float> sum, gsl::span<std::uint8_t> message) {
    pack(sum, bits_of(radio), message);
}

void read(const RadioConfig& radio, gsl::span<const std::uint8_t> message, gsl::span<float> sum) {
    unpack(message, bits_of(radio), sum);
}

class Multicast final : public OnAir {
public:
    using OnAir::OnAir;

    void bring(RadioCell& cell, gsl::span<const float>, SumCopies sum) override {
        const RadioConfig& radio = cell.config().radio;
        std::vector<std::uint8_t> message(message_bytes(radio, sum.server.size()));
        write(radio, sum.server, message);
        const double range_bits = cell.config().costs == Costs::whole ? scale_bits : 0;
        const double all_bits =
            radio.downlink_bits * static_cast<double>(sum.server.size()) + range_bits;
        send(cell, message, all_bits);
        read(radio, message, sum.server);
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
    way.message = SumMessage{message_bytes, write, read};
    way.entries = {downlink_bits};
    return way;
}

}  // namespace aircomp::runtime
