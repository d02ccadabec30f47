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
    MulticastReport listen(const MulticastOrder& order) override;

private:
    void hear(const RoundOrder& order, DeviceReport& report);
    bool hear_header(Ticks begin, std::size_t first, std::size_t window, DeviceReport& report);
    void decode(const MulticastOrder& order, MulticastReport& report);

    phy::BurstFormat format_;
    double server_power_w_;
    std::size_t header_window_;
    std::unique_ptr<GuardedSession> session_;
    DeviceEnd end_;
    phy::MulticastReceiver messages_;
    std::vector<phy::Sample> received_, header_, sent_;
};

}  // namespace aircomp::runtime
