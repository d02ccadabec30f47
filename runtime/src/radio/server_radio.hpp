// SPDX-License-Identifier: GPL-3.0-or-later
// The server's radio in a round: sends the headers, and receives what the devices send together.
#pragma once

#include "aircomp/runtime/config.hpp"
#include "radio/round_order.hpp"
#include "round/server_end.hpp"

namespace aircomp::runtime {

class ServerRadio {
public:
    /// The session must outlive the object. Throws std::invalid_argument where it has other
    /// channels than the configuration's server antennas.
    ServerRadio(const Config& config, const phy::BurstFormat& format, const phy::Payload& payload,
                RadioSession& session);

    /// One sounding; `power_w` is what each device sounds with, 0 for one that does not. Found
    /// where every device is that sounds.
    ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w);

    /// What the last sounding showed; only where its report was found.
    const phy::SoundingReport& sounding() const { return *sounding_; }

    /// One sum, to `sum`, which stays as it is where there is none.
    ServerReport sum(const RoundOrder& order, const ServerSettings& settings, gsl::span<float> sum);

private:
    ServerReport exchange(const RoundOrder& order, std::size_t window);

    RadioSession& session_;
    ServerEnd end_;
    std::vector<phy::Sample> sent_, received_;
    const phy::SoundingReport* sounding_ = nullptr;
};

}  // namespace aircomp::runtime
