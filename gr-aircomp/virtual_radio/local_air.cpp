// SPDX-License-Identifier: GPL-3.0-or-later
// An air in this process.
#include "local_air.hpp"

#include <algorithm>
#include <future>
#include <uhd/utils/log.hpp>

namespace gr::aircomp::virtual_radio {
namespace {

Ticks end_of(const Transmission& t) {
    return t.start + static_cast<Ticks>(t.samples.size()) * t.period;
}

AirClock begin_clock(const AirConfig& config) {
    return {AirClock::Wall::now(), config.tick_rate_hz, config.time_scale};
}

EventClock::Wall::duration patience_of(const AirConfig& config) {
    return std::chrono::duration_cast<EventClock::Wall::duration>(
        std::chrono::duration<double>(config.patience_s));
}

/// Waits in the calling thread.
class LocalMember final : public Membership {
public:
    LocalMember(LocalAir& air, LocalAir::Place place) : air_(air), place_(std::move(place)) {}

    Ticks peek() override { return air_.now(); }
    Ticks hold() override { return place_.member->hold(); }
    Ticks wait(Ticks until) override {
        // Whoever lets the clock go on may still be setting it when this thread has it.
        const auto came = std::make_shared<std::promise<Ticks>>();
        place_.member->wait(until, [came](Ticks now) { came->set_value(now); });
        return came->get_future().get();
    }
    void rest() override { place_.member->rest(); }
    void call(const std::vector<std::size_t>& boards) override { air_.call(boards); }

private:
    LocalAir& air_;
    const LocalAir::Place place_;
};

}  // namespace

Ticks Air::ready(Ticks end, Ticks period) const {
    return end + reach(config(), period).after;
}

LocalAir::LocalAir(AirConfig config) : config_(std::move(config)), clock_(begin_clock(config_)) {
    if (config_.clock != ClockKind::event) return;
    events_.emplace(patience_of(config_));
    watch_ = std::thread([this] { watch(); });
}

LocalAir::~LocalAir() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_ending_ = true;
    }
    ending_.notify_all();
    if (watch_.joinable()) watch_.join();
}

void LocalAir::watch() {
    const auto pause = patience_of(config_) / 4;
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ending_.wait_for(lock, pause, [this] { return is_ending_; })) {
        lock.unlock();
        events_->release_silent();
        lock.lock();
    }
}

LocalAir::Place LocalAir::take(const std::vector<std::size_t>& boards, int process) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::size_t board : boards) {
        const auto holder = holders_.find(board);
        if (holder != holders_.end())
            throw std::runtime_error("board '" + config_.boards.at(board).name +
                                     "': is open in process " +
                                     std::to_string(holder->second.process));
    }
    Place place;
    if (events_) place.member = std::make_shared<EventClock::Member>(*events_);
    for (const std::size_t board : boards)
        holders_[board] = {process, place.member};
    const auto let_go = [this, boards](const void*) {
        const std::lock_guard<std::mutex> relock(mutex_);
        for (const std::size_t board : boards)
            holders_.erase(board);
    };
    place.boards = {&holders_, let_go};
    return place;
}

std::shared_ptr<Seat> LocalAir::claim(const std::vector<std::size_t>& boards, int process) {
    Place place = take(boards, process);
    if (!place.member) return std::make_shared<ScaledSeat>(clock_, std::move(place.boards));
    return std::make_shared<EventSeat>(std::make_unique<LocalMember>(*this, std::move(place)),
                                       clock_.tick_rate_hz);
}

void LocalAir::call(const std::vector<std::size_t>& boards) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::size_t board : boards) {
        const auto holder = holders_.find(board);
        if (holder == holders_.end()) continue;
        if (const auto member = holder->second.member.lock()) member->call();
    }
}

bool LocalAir::transmit(std::vector<Transmission> transmissions) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Ticks now = this->now();
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
