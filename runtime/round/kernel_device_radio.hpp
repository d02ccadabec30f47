// SPDX-License-Identifier: GPL-3.0-or-later
// A device's radio over the kernels: samples are computed in this thread.
#pragma once

#include "radio/guarded_session.hpp"
#include "round/device_end.hpp"
#include "round/device_radio.hpp"

namespace aircomp::runtime {

class KernelDeviceRadio final : public DeviceRadio {
public:
    /// Throws std::invalid_argument where the session has other channels than the device antennas.
    KernelDeviceRadio(const Config& config, const phy::BurstFormat& format,
                      const phy::Payload& payload, std::size_t device,
                      std::unique_ptr<GuardedSession> session);

    TimedRadio& timed() override { return *session_; }
    void begin_anew() override { end_.headers().begin_anew(); }
    void feed() override { session_->feed(); }
    DeviceReport take_part(const RoundOrder& order, const DeviceSettings& settings,
                           gsl::span<const float> partial) override;

private:
    void hear(const RoundOrder& order, DeviceReport& report);

    std::size_t header_window_;
    std::unique_ptr<GuardedSession> session_;
    DeviceEnd end_;
    std::vector<phy::Sample> received_, header_, sent_;
};

}  // namespace aircomp::runtime
