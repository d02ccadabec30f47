// SPDX-License-Identifier: GPL-3.0-or-later
// An air in this process: keeps what was sent as long as somebody may ask for it.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "air.hpp"
#include "receiver.hpp"

namespace gr::aircomp::virtual_radio {

class LocalAir : public Air {
public:
    /// Radio time begins now.
    explicit LocalAir(AirConfig config);

    const AirConfig& config() const override { return config_; }
    const AirClock& clock() const override { return clock_; }
    std::shared_ptr<void> claim(const std::vector<std::size_t>& boards, int process) override;
    bool transmit(std::vector<Transmission> transmissions) override;
    std::vector<Sample> receive(const Window& window) override;

private:
    Transmissions around(const Window& window);
    Receiver& receiver(const Window& window);
    void forget(Ticks now);

    const AirConfig config_;
    const AirClock clock_;
    std::mutex mutex_;
    std::map<std::size_t, int> holders_;  ///< Processes by board.
    Transmissions sent_;                  ///< In order of their start.
    std::map<std::pair<std::size_t, Ticks>, std::unique_ptr<Receiver>> receivers_;
    std::set<std::pair<std::size_t, std::size_t>> warned_;  ///< Boards of unequal rates.
};

}  // namespace gr::aircomp::virtual_radio
