// SPDX-License-Identifier: GPL-3.0-or-later
// A device's place in an air with an event clock.
#include "seat.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

/// As many looks in a row see one time, for programs compare what several calls say. One that waits
/// for the clock to move makes more.
constexpr int free_looks = 5;

}  // namespace

template <typename Ask>
void EventSeat::ask(Ask&& question) {
    if (own_) return;
    try {
        question();
    } catch (const AirGone&) {
        const auto passed =
            std::chrono::duration<double>(static_cast<double>(now_) / tick_rate_hz_);
        own_ = AirClock{
            AirClock::Wall::now() - std::chrono::duration_cast<AirClock::Wall::duration>(passed),
            tick_rate_hz_, 1};
    }
}

void EventSeat::see(Ticks now) {
    if (now != now_) looks_ = 0;
    now_ = now;
}

Ticks EventSeat::held() {
    if (!holds_) {
        ask([this] {
            see(member_->hold());
            holds_ = true;
        });
    }
    return own_ ? own_->now() : now_;
}

void EventSeat::pass(Ticks until) {
    ask([this, until] {
        see(member_->wait(until));
        holds_ = true;
    });
}

Ticks EventSeat::look_again(Ticks step) {
    const Ticks now = held();
    if (own_ || ++looks_ <= free_looks) return now;
    pass((floor_divide(now, step) + 1) * step);
    ++looks_;
    return held();
}

Ticks EventSeat::peek() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!holds_) ask([this] { see(member_->peek()); });
    return own_ ? own_->now() : now_;
}

Ticks EventSeat::now() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return held();
}

Ticks EventSeat::look(Ticks step) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return look_again(step);
}

void EventSeat::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                     Ticks until) {
    std::optional<AirClock> own;
    lock.unlock();
    {
        const std::lock_guard<std::mutex> own_lock(mutex_);
        if (until > held()) pass(until);
        own = own_;
    }
    lock.lock();
    if (own) changed.wait_until(lock, own->wall(until));
}

void EventSeat::rest() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ask([this] { member_->rest(); });
    holds_ = false;
}

void EventSeat::call(const std::vector<std::size_t>& boards) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ask([&] { member_->call(boards); });
}

}  // namespace gr::aircomp::virtual_radio
