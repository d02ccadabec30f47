// SPDX-License-Identifier: GPL-3.0-or-later
// The server's radio by flowgraph: gr-aircomp/examples/usrp_server_rx.grc sends headers, sounds and sums.
#pragma once

#include "round/flowgraph/flowgraph_radio.hpp"
#include "round/server_radio.hpp"

namespace aircomp::runtime {

class FlowgraphServerRadio final : public ServerRadio {
public:
    /// Throws as FlowgraphRadio does.
    FlowgraphServerRadio(const Config& config, const phy::BurstFormat& format,
                         const phy::Payload& payload, std::shared_ptr<FlowgraphHost> host);

    TimedRadio& timed() override { return radio_; }
    ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) override;
    const phy::SoundingReport& sounding() const override { return sounding_; }
    ServerReport sum(const RoundOrder& order, const ServerSettings& settings,
                     gsl::span<float> sum) override;

private:
    FlowgraphRound exchange(const RoundOrder& order, Ticks burst, const pmt::pmt_t& settings,
                            bool (*answered)(const FlowgraphRound&), ServerReport& report);

    Ticks header_samples_, sounding_samples_, burst_samples_;
    FlowgraphRadio radio_;
    phy::SoundingReport sounding_;
};

}  // namespace aircomp::runtime
