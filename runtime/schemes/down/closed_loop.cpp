// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `closed-loop`, equation (14): what the devices' copy of the residual stream lacks of the
// server's, rotated, in Lloyd-Max codes of downlink_bits bits at the multicast's rate. What one
// site's codes lose is in the next one's difference, so that losses do not add up.
#include <algorithm>
#include <cmath>
#include <optional>

#include "coding/analog_codec.hpp"
#include "coding/lloyd_max.hpp"
#include "schemes/down/on_air.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

constexpr double scale_bits = 32;  // s, a float32 before the codes

/// Errors of a normed sum are borne in proportion to its norm's weights: as if codes were of what is
/// normed. A weight near 0 would let a coordinate's lag fill the vector.
float weight(gsl::span<const float> weights, std::size_t i) {
    constexpr float least = 0.01F;
    return weights.empty() ? 1.0F : std::max(weights[i], least);
}

class ClosedLoop final : public OnAir {
public:
    void bring(RadioCell& cell, gsl::span<const float> lag, SumCopies sum) override {
        const Config& config = cell.config();
        const auto length = static_cast<std::int64_t>(lag.size());
        if (!rotation_) rotation_ = rotation_of(config, length);
        for (std::size_t i = 0; i < lag.size(); ++i)
            sum.devices[i] = (lag[i] + sum.server[i]) / weight(sum.weights, i);
        if (rotation_) rotation_->apply(sum.devices);
        quantise(sum.devices, LloydMax::of(config.radio.downlink_bits));
        if (rotation_) rotation_->undo(sum.devices);
        for (std::size_t i = 0; i < lag.size(); ++i)
            sum.devices[i] *= weight(sum.weights, i);
        const double bits =
            config.radio.downlink_bits * static_cast<double>(length) + scale_bits + sum.side_bits;
        send(cell, bits);
    }

private:
    std::optional<phy::Rotation> rotation_;
};

}  // namespace

Downlink closed_loop_downlink() {
    Downlink way = {"closed-loop",
                    "what devices lack of the server's stream, Lloyd-Max codes of downlink_bits "
                    "bits at the multicast's rate",
                    [] { return std::make_unique<ClosedLoop>(); }};
    way.most_bits = LloydMax::most_bits;
    way.closes_loop = true;
    way.on_air = true;
    return way;
}

}  // namespace aircomp::runtime
