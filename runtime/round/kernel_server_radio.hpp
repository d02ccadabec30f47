// SPDX-License-Identifier: GPL-3.0-or-later
// The server's radio over the kernels: samples are computed in this thread.
#pragma once

#include <string>
#include <vector>

#include "radio/guarded_session.hpp"
#include "round/server_end.hpp"
#include "round/server_radio.hpp"

namespace aircomp::runtime {

class KernelServerRadio final : public ServerRadio {
public:
    /// Throws std::invalid_argument where the session has other channels than the configuration's
    /// server antennas.
    KernelServerRadio(const Config& config, const phy::BurstFormat& format,
                      const phy::Payload& payload, std::unique_ptr<GuardedSession> session);

    TimedRadio& timed() override { return *session_; }
    void call(gsl::span<const std::size_t> devices) override;
    void hold() override { session_->now(); }
    void rest() override { session_->rest(); }
    ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) override;
    const phy::SoundingReport& sounding() const override { return *sounding_; }
    ServerReport sum(const RoundOrder& order, const ServerSettings& settings,
                     gsl::span<float> sum) override;
    BroadcastReport broadcast(Ticks begin, gsl::span<const phy::Sample> samples) override;

private:
    ServerReport exchange(const RoundOrder& order, std::size_t window);

    std::unique_ptr<GuardedSession> session_;
    std::vector<std::string> device_args_;  ///< Of their radios.
    ServerEnd end_;
    std::vector<phy::Sample> sent_, received_;
    const phy::SoundingReport* sounding_ = nullptr;
};

}  // namespace aircomp::runtime
