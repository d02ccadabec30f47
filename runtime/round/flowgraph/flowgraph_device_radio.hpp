// SPDX-License-Identifier: GPL-3.0-or-later
// A device's radio by flowgraph: gr-aircomp/examples/usrp_device_tx.grc hears, corrects and sends.
#pragma once

#include "round/device_radio.hpp"
#include "round/flowgraph/flowgraph_radio.hpp"

namespace aircomp::runtime {

class FlowgraphDeviceRadio final : public DeviceRadio {
public:
    /// Throws as FlowgraphRadio does.
    FlowgraphDeviceRadio(const Config& config, const phy::BurstFormat& format,
                         const phy::Payload& payload, std::size_t device,
                         std::shared_ptr<FlowgraphHost> host);

    TimedRadio& timed() override { return radio_; }
    void begin_anew() override { radio_.begin_anew(); }
    void feed() override { radio_.feed(); }
    DeviceReport take_part(const RoundOrder& order, const DeviceSettings& settings,
                           gsl::span<const float> partial) override;

private:
    pmt::pmt_t settings_of(const RoundOrder& order, const DeviceSettings& settings) const;

    double max_power_w_;
    double clip_level_;
    Ticks header_samples_, sounding_samples_, burst_samples_;
    FlowgraphRadio radio_;
};

}  // namespace aircomp::runtime
