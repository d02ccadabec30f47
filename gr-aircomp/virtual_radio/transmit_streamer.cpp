// SPDX-License-Identifier: GPL-3.0-or-later
// A transmit streamer.
#include "transmit_streamer.hpp"

#include <algorithm>
#include <uhd/exception.hpp>
#include <uhd/utils/log.hpp>

namespace gr::aircomp::virtual_radio {
namespace {

/// Seconds of the wall clock from an untimed burst's first packet to its first sample: what a host
/// may stumble over while it fills the buffer.
constexpr double head_start_s = 0.02;
/// Of a piece: room is freed by the piece.
constexpr std::size_t most_piece_samples = 32768;

}  // namespace

Ticks common_period(const std::vector<Port>& ports, Direction direction) {
    const Ticks period = ports[0].board->period(direction, ports[0].channel);
    for (const Port& port : ports) {
        if (port.board->period(direction, port.channel) != period)
            throw uhd::value_error(
                "streamer: expected one sampling rate for all its channels, "
                "found several");
    }
    return period;
}

TransmitStreamer::TransmitStreamer(std::vector<Port> ports, const std::string& cpu_format,
                                   std::size_t buffer_samples)
    : ports_(std::move(ports)),
      format_(cpu_format),
      buffer_samples_(buffer_samples),
      loss_(ports_[0].board->config(), Direction::transmit),
      next_(ports_.size()) {}

void TransmitStreamer::post(Ticks when, uhd::async_metadata_t::event_code_t code, bool at_next) {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        Board& board = *ports_[i].board;
        uhd::async_metadata_t event;
        event.channel = i;
        event.has_time_spec = true;
        event.time_spec = uhd::time_spec_t::from_ticks(
            (at_next ? next_[i] : when) + board.clock_ahead(), board.tick_rate_hz());
        event.event_code = code;
        events_.emplace(when, event);
    }
    changed_.notify_all();
}

void TransmitStreamer::begin(const uhd::tx_metadata_t& metadata) {
    state_ = State::announced;
    timed_ = metadata.has_time_spec;
    time_ = metadata.time_spec;
    period_ = common_period(ports_, Direction::transmit);
}

/// Gives the burst's first sample its time; false where that has passed.
bool TransmitStreamer::schedule(Ticks now) {
    if (!timed_) {
        schedule_soon(now);
        return true;
    }
    bool late = false;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        Board& board = *ports_[i].board;
        const Ticks time = time_.to_ticks(board.tick_rate_hz());
        next_[i] = time - board.clock_ahead() + board.trigger_delay(time, period_);
        late = late || next_[i] < now;
    }
    state_ = State::sending;
    return !late;
}

void TransmitStreamer::schedule_soon(Ticks now) {
    std::fill(next_.begin(), next_.end(),
              now + clock().from_seconds(head_start_s * clock().time_scale));
    state_ = State::sending;
}

void TransmitStreamer::notice_starvation(Ticks now) {
    const Ticks last = *std::min_element(next_.begin(), next_.end());
    if (state_ != State::sending || now <= last) return;
    state_ = State::starved;
    post(last, uhd::async_metadata_t::EVENT_CODE_UNDERFLOW, true);
}

std::size_t TransmitStreamer::room(Ticks now) {
    while (!queued_.empty() && queued_.front().first <= now)
        queued_.pop_front();
    std::size_t used = 0;
    for (const auto& piece : queued_)
        used += piece.second;
    return buffer_samples_ - std::min(buffer_samples_, used);
}

bool TransmitStreamer::wait_for_room(std::unique_lock<std::mutex>& lock, Ticks deadline) {
    while (room(seat().now()) == 0) {
        if (seat().now() >= deadline) return false;
        const Ticks until = std::min(deadline, queued_.front().first);
        seat().wait(lock, changed_, until);
    }
    return true;
}

/// False where the air found it late.
bool TransmitStreamer::send_piece(const buffs_type& buffers, std::size_t first, std::size_t count) {
    std::vector<Transmission> transmissions(ports_.size());
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        Transmission& t = transmissions[i];
        Board& board = *ports_[i].board;
        t.board = board.index();
        t.antenna = ports_[i].antenna;
        t.start = next_[i];
        t.period = period_;
        t.clock_ahead = board.clock_ahead();
        t.tuning = board.tuning(Direction::transmit, t.antenna, t.start);
        t.samples.resize(count);
        format_.read(buffers[i], first, count, t.samples.data());
    }
    try {
        if (!ports_[0].board->air().transmit(std::move(transmissions))) return false;
    } catch (const AirGone& error) {
        UHD_LOG_ERROR("AIRCOMP", error.what() << ": nothing is sent any more");
        gone_ = true;
        return false;
    }
    for (Ticks& next : next_)
        next += static_cast<Ticks>(count) * period_;
    queued_.emplace_back(*std::max_element(next_.begin(), next_.end()), count);
    return true;
}

void TransmitStreamer::finish(Ticks now) {
    if (state_ == State::sending || state_ == State::starved)
        post(std::max(now, *std::max_element(next_.begin(), next_.end())),
             uhd::async_metadata_t::EVENT_CODE_BURST_ACK, state_ == State::sending);
    else if (state_ != State::dropping)
        post(now, uhd::async_metadata_t::EVENT_CODE_BURST_ACK, false);
    state_ = State::idle;
}

std::size_t TransmitStreamer::send(const buffs_type& buffers, std::size_t count,
                                   const uhd::tx_metadata_t& metadata, double timeout) {
    std::unique_lock<std::mutex> lock(mutex_);
    const Ticks deadline = seat().now() + clock().from_seconds(timeout);
    notice_starvation(seat().now());
    if (metadata.start_of_burst || state_ == State::idle ||
        (state_ == State::announced && metadata.has_time_spec))
        begin(metadata);
    std::size_t done = 0;
    while (done < count && state_ != State::dropping) {
        const bool first = state_ == State::announced;
        bool in_time = true;
        if (first)
            in_time = schedule(seat().now());
        else if (state_ == State::starved)
            schedule_soon(seat().now());
        if (in_time && !wait_for_room(lock, deadline)) {
            if (first) state_ = State::announced;
            return done;
        }
        if (gone_) {
            while (seat().now() < deadline)
                seat().wait(lock, changed_, deadline);
            return 0;
        }
        const std::size_t most = loss_.possible() ? packet_samples : most_piece_samples;
        const std::size_t piece = std::min({count - done, most, room(seat().now())});
        if (in_time && loss_.next()) {
            // The board sees a gap in the packets' numbers and sends nothing more of the burst.
            post(*std::min_element(next_.begin(), next_.end()),
                 uhd::async_metadata_t::EVENT_CODE_SEQ_ERROR_IN_BURST, true);
            state_ = State::dropping;
        } else if (in_time && send_piece(buffers, done, piece)) {
            done += piece;
        } else if (gone_) {
            continue;
        } else if (first && timed_) {
            post(seat().now(), uhd::async_metadata_t::EVENT_CODE_TIME_ERROR, false);
            state_ = State::dropping;
        } else {
            notice_starvation(seat().now());
        }
    }
    if (metadata.end_of_burst) finish(seat().now());
    changed_.notify_all();
    return count;
}

bool TransmitStreamer::recv_async_msg(uhd::async_metadata_t& message, double timeout) {
    std::unique_lock<std::mutex> lock(mutex_);
    const Ticks deadline = seat().now() + clock().from_seconds(timeout);
    for (;;) {
        const Ticks now = seat().now();
        notice_starvation(now);
        if (!events_.empty() && events_.begin()->first <= now) {
            message = events_.begin()->second;
            events_.erase(events_.begin());
            return true;
        }
        if (now >= deadline) {
            seat().look(clock().look_period());
            return false;
        }
        Ticks until = deadline;
        if (!events_.empty()) until = std::min(until, events_.begin()->first);
        if (state_ == State::sending)
            until = std::min(until, *std::min_element(next_.begin(), next_.end()) + 1);
        seat().wait(lock, changed_, until);
    }
}

}  // namespace gr::aircomp::virtual_radio
