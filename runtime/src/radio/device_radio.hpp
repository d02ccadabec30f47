// SPDX-License-Identifier: GPL-3.0-or-later
// A device's radio in a round: hears the headers, and sends its burst at the common time.
#pragma once

#include "aircomp/runtime/config.hpp"
#include "radio/round_order.hpp"
#include "round/device_end.hpp"

namespace aircomp::runtime {

class DeviceRadio {
public:
    /// `device` is an index of the configuration's devices. The session must outlive the object.
    /// Throws std::invalid_argument where the session has other channels than the device antennas.
    DeviceRadio(const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
                std::size_t device, RadioSession& session);

    /// Takes part in a round until its burst has ended; `settings` and `partial` are not looked at
    /// where it is a sounding.
    DeviceReport take_part(const RoundOrder& order, const DeviceSettings& settings,
                           gsl::span<const float> partial);

private:
    void hear(const RoundOrder& order, DeviceReport& report);

    double sample_rate_hz_;
    double max_power_w_;
    double clip_level_;
    std::size_t header_samples_;
    RadioSession& session_;
    DeviceEnd end_;
    std::vector<phy::Sample> received_, header_, sent_;
};

}  // namespace aircomp::runtime
