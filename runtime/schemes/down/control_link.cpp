// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `control`: the sum as it is, over the wired control link.
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

class ControlLink final : public WayDown {
public:
    void bring(RadioCell& cell, gsl::span<const float>, SumCopies sum) override {
        const RadioConfig& radio = cell.config().radio;
        const double bytes = static_cast<double>(sum.server.size()) * sizeof(float);
        cell.charge_wired_downlink(radio.control_latency_s +
                                   bytes / radio.control_rate_bytes_per_s);
    }
};

}  // namespace

Downlink control_downlink() {
    Downlink way = {
        "control", "float32 over the wired control link",
        [](const std::shared_ptr<Broadcast>&) { return std::make_unique<ControlLink>(); }};
    way.wired = true;
    return way;
}

}  // namespace aircomp::runtime
