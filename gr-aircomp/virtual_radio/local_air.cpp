// SPDX-License-Identifier: GPL-3.0-or-later
// An air in this process.
#include "local_air.hpp"

#include <algorithm>
#include <uhd/utils/log.hpp>

namespace gr::aircomp::virtual_radio {
namespace {

Ticks end_of(const Transmission& t) {
    return t.start + static_cast<Ticks>(t.samples.size()) * t.period;
}

AirClock begin_clock(const AirConfig& config) {
    return {AirClock::Wall::now(), config.tick_rate_hz, config.time_scale};
}

}  // namespace

Ticks Air::ready(Ticks end, Ticks period) const {
    return end + reach(config(), period).after;
}

LocalAir::LocalAir(AirConfig config) : config_(std::move(config)), clock_(begin_clock(config_)) {}

std::shared_ptr<void> LocalAir::claim(const std::vector<std::size_t>& boards, int process) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::size_t board : boards) {
        const auto holder = holders_.find(board);
        if (holder != holders_.end())
            throw std::runtime_error("board '" + config_.boards.at(board).name +
                                     "': is open in process " + std::to_string(holder->second));
    }
    for (const std::size_t board : boards)
        holders_[board] = process;
    const auto let_go = [this, boards](const void*) {
        const std::lock_guard<std::mutex> relock(mutex_);
        for (const std::size_t board : boards)
            holders_.erase(board);
    };
    return {&holders_, let_go};
}

bool LocalAir::transmit(std::vector<Transmission> transmissions) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Ticks now = clock_.now();
    for (const Transmission& t : transmissions) {
        if (t.start < now) return false;
    }
    forget(now);
    const auto sooner = [](const auto& a, const auto& b) { return a->start < b->start; };
    for (Transmission& t : transmissions) {
        auto kept = std::make_shared<const Transmission>(std::move(t));
        sent_.insert(std::upper_bound(sent_.begin(), sent_.end(), kept, sooner), std::move(kept));
    }
    return true;
}

void LocalAir::forget(Ticks now) {
    const Ticks buffered = clock_.from_seconds(config_.receive_buffer_s);
    const auto old = [&](const auto& t) {
        return end_of(*t) + buffered + 2 * reach(config_, t->period).before < now;
    };
    sent_.erase(std::remove_if(sent_.begin(), sent_.end(), old), sent_.end());
}

Transmissions LocalAir::around(const Window& window) {
    const Reach around = reach(config_, window.period);
    const Ticks from = window.start - around.before;
    const Ticks to = window.start + static_cast<Ticks>(window.count) * window.period + around.after;
    Transmissions heard;
    for (const auto& t : sent_) {
        if (t->start >= to || end_of(*t) <= from) continue;
        if (t->period == window.period) {
            heard.push_back(t);
        } else if (t->board != window.board && warned_.emplace(t->board, window.board).second) {
            UHD_LOG_WARNING("AIRCOMP", config_.boards[window.board].name
                                           << " does not hear " << config_.boards[t->board].name
                                           << ": they run at different sampling rates");
        }
    }
    return heard;
}

Receiver& LocalAir::receiver(const Window& window) {
    auto& receiver = receivers_[{window.board, window.period}];
    if (!receiver) {
        receiver =
            std::make_unique<Receiver>(config_, window.board, config_.tick_rate_hz, window.period);
    }
    return *receiver;
}

std::vector<Sample> LocalAir::receive(const Window& window) {
    std::unique_lock<std::mutex> lock(mutex_);
    const Transmissions heard = around(window);
    Receiver& own = receiver(window);
    lock.unlock();  // senders need not wait for the emulator
    return own.receive(window, heard);
}

}  // namespace gr::aircomp::virtual_radio
