// SPDX-License-Identifier: GPL-3.0-or-later
// What the server's multicast carries, equations (12) and (16), and messages that are charged by it and
// come through whole.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "air/coded_channel.hpp"
#include "air/radio_cell.hpp"
#include "schemes/down/broadcast.hpp"

namespace aircomp::runtime {

class MulticastRate {
public:
    /// Channel uses that `bits` take to the weakest device that takes part, over the channels as they
    /// are now, with the covariance of radio.multicast_covariance; the best one is made for the
    /// channels that the server knows.
    double uses(const RadioCell& cell, double bits);

private:
    void look_at(const RadioCell& cell);

    std::int64_t block_ = -1;  ///< Whose channels have been looked at.
    Eigen::MatrixXcd factor_;
    std::vector<CodedChannel> links_;  ///< To each device that takes part.
};

class ChargedBroadcast final : public Broadcast {
public:
    void send(RadioCell& cell, gsl::span<std::uint8_t>, double bits) override {
        charge(cell, bits);
    }
    void charge(RadioCell& cell, double bits) override {
        cell.charge_downlink(cell.air_time_s(rate_.uses(cell, bits)));
    }

private:
    MulticastRate rate_;
};

}  // namespace aircomp::runtime
