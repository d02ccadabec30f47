// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `closed-loop`, equation (14): what the devices' copy of the residual stream lacks of the
// server's, rotated, in Lloyd-Max codes of downlink_bits bits at the multicast's rate. What one
// site's codes lose is in the next one's difference, so that losses do not add up.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "coding/analog_codec.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/down/on_air.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

/// Errors of a normed sum are borne in proportion to its norm's weights: as if codes were of what is
/// normed. A weight near 0 would let a coordinate's lag fill the vector.
float weight(gsl::span<const float> weights, std::size_t i) {
    constexpr float least = 0.01F;
    return weights.empty() ? 1.0F : std::max(weights[i], least);
}

class ClosedLoop final : public OnAir {
public:
    using OnAir::OnAir;

    void bring(RadioCell& cell, gsl::span<const float> lag, SumCopies sum) override {
        const Config& config = cell.config();
        const auto length = static_cast<std::int64_t>(lag.size());
        if (!rotation_) rotation_ = rotation_of(config, length);
        for (std::size_t i = 0; i < lag.size(); ++i)
            sum.devices[i] = (lag[i] + sum.server[i]) / weight(sum.weights, i);
        if (rotation_) rotation_->apply(sum.devices);
        bring_codes(cell, sum);
        if (rotation_) rotation_->undo(sum.devices);
        for (std::size_t i = 0; i < lag.size(); ++i)
            sum.devices[i] *= weight(sum.weights, i);
    }

private:
    void bring_codes(RadioCell& cell, const SumCopies& sum) {
        DigitalConfig codes;
        codes.bits = cell.config().radio.downlink_bits;
        codes.quantiser = Quantiser::lloyd_max;
        const std::size_t bytes = packed_bytes(sum.devices.size(), codes);
        std::vector<std::uint8_t> message(bytes + sum.side.size_bytes());
        pack(sum.devices, codes, gsl::span<std::uint8_t>(message).first(bytes));
        if (!sum.side.empty()) std::memcpy(&message[bytes], sum.side.data(), sum.side.size_bytes());
        const double bits =
            code_bits(sum.devices.size(), codes) + 8 * static_cast<double>(sum.side.size_bytes());
        send(cell, message, bits);
        unpack(gsl::span<const std::uint8_t>(message).first(bytes), codes, sum.devices);
    }

    std::optional<phy::Rotation> rotation_;
};

}  // namespace

Downlink closed_loop_downlink() {
    Downlink way = {"closed-loop",
                    "what devices lack of the server's stream, Lloyd-Max codes of downlink_bits "
                    "bits at the multicast's rate",
                    [](std::shared_ptr<Broadcast> broadcast) {
                        return std::make_unique<ClosedLoop>(std::move(broadcast));
                    }};
    way.most_bits = most_lloyd_max_bits;
    way.fractional_bits = true;
    way.closes_loop = true;
    way.on_air = true;
    way.entries = {downlink_bits};
    return way;
}

}  // namespace aircomp::runtime
