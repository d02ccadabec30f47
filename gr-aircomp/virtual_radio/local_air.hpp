// SPDX-License-Identifier: GPL-3.0-or-later
// An air in this process: keeps what was sent as long as somebody may ask for it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "air.hpp"
#include "event_clock.hpp"
#include "receiver.hpp"

namespace gr::aircomp::virtual_radio {

class LocalAir : public Air {
public:
    /// Radio time begins now.
    explicit LocalAir(AirConfig config);
    ~LocalAir() override;
    LocalAir(const LocalAir&) = delete;
    LocalAir& operator=(const LocalAir&) = delete;

    const AirConfig& config() const override { return config_; }
    const AirClock& clock() const override { return clock_; }
    std::shared_ptr<Seat> claim(const std::vector<std::size_t>& boards, int process) override;
    bool transmit(std::vector<Transmission> transmissions) override;
    std::vector<Sample> receive(const Window& window) override;

    Ticks now() const { return events_ ? events_->now() : clock_.now(); }

    /// Boards that a process has, and its part in an event clock, null where the clock is scaled.
    struct Place {
        std::shared_ptr<void> boards;
        std::shared_ptr<EventClock::Member> member;
    };
    /// As claim(), for who waits in another way.
    Place take(const std::vector<std::size_t>& boards, int process);
    /// An event clock has to wait for whoever has these boards.
    void call(const std::vector<std::size_t>& boards);

private:
    struct Holder {
        int process;
        std::weak_ptr<EventClock::Member> member;
    };

    Transmissions around(const Window& window);
    Receiver& receiver(const Window& window);
    void forget(Ticks now);
    void watch();

    const AirConfig config_;
    const AirClock clock_;
    std::optional<EventClock> events_;
    std::mutex mutex_;
    std::condition_variable ending_;
    bool is_ending_ = false;
    std::map<std::size_t, Holder> holders_;  ///< By board.
    Transmissions sent_;                     ///< In order of their start.
    std::map<std::pair<std::size_t, Ticks>, std::unique_ptr<Receiver>> receivers_;
    std::set<std::pair<std::size_t, std::size_t>> warned_;  ///< Boards of unequal rates.
    std::thread watch_;  ///< Of an event clock: releases who is silent.
};

}  // namespace gr::aircomp::virtual_radio
