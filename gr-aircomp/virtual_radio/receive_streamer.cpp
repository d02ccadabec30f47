// SPDX-License-Identifier: GPL-3.0-or-later
// A receive streamer.
#include "receive_streamer.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <uhd/exception.hpp>
#include <uhd/utils/log.hpp>

namespace gr::aircomp::virtual_radio {

ReceiveStreamer::ReceiveStreamer(std::vector<Port> ports, const std::string& cpu_format)
    : ports_(std::move(ports)),
      format_(cpu_format),
      loss_(ports_[0].board->config(), Direction::receive) {}

void ReceiveStreamer::issue_stream_cmd(const uhd::stream_cmd_t& command) {
    using uhd::stream_cmd_t;
    const std::lock_guard<std::mutex> lock(mutex_);
    const Ticks now = seat().now();
    if (command.stream_mode == stream_cmd_t::STREAM_MODE_STOP_CONTINUOUS) return stop(now);
    if (command.stream_now && ports_.size() > 1) {
        throw uhd::value_error(
            "stream command: expected a time, found stream_now for several "
            "channels, which would not be aligned");
    }
    Command own;
    own.follows_on = command.stream_now;
    own.more = command.stream_mode == stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_MORE;
    own.late = false;
    if (command.stream_mode != stream_cmd_t::STREAM_MODE_START_CONTINUOUS)
        own.count = command.num_samps;
    for (const Port& port : ports_) {
        const Ticks time = command.time_spec.to_ticks(port.board->tick_rate_hz());
        own.start.push_back(command.stream_now ? now : time - port.board->clock_ahead());
        own.late = own.late || own.start.back() < now;
    }
    commands_.push_back(std::move(own));
    changed_.notify_all();
}

/// Ends what runs with the samples of before now, and what waits at once.
void ReceiveStreamer::stop(Ticks now) {
    commands_.clear();
    if (run_) {
        const Ticks passed = std::max<Ticks>(0, now - run_->next[0]);
        const auto until_now = static_cast<std::size_t>(passed / run_->period);
        run_->left = std::min(run_->left.value_or(until_now), until_now);
        run_->more = false;
    }
    changed_.notify_all();
}

/// Takes the next command up once a run is over.
ReceiveStreamer::Code ReceiveStreamer::next_run() {
    const bool chained = run_ && run_->more;
    if (commands_.empty()) {
        run_.reset();
        return chained ? uhd::rx_metadata_t::ERROR_CODE_BROKEN_CHAIN
                       : uhd::rx_metadata_t::ERROR_CODE_NONE;
    }
    const Command command = commands_.front();
    commands_.pop_front();
    Run run;
    run.next = command.follows_on && chained ? run_->next : command.start;
    run.period = common_period(ports_, Direction::receive);
    run.left = command.count;
    run.more = command.more;
    if (command.late) {
        run_.reset();
        return uhd::rx_metadata_t::ERROR_CODE_LATE_COMMAND;
    }
    run_ = std::move(run);
    return uhd::rx_metadata_t::ERROR_CODE_NONE;
}

/// Samples from now on come at the rate that the channels have now: it may be set while they
/// stream. While it is being set channel by channel, they differ.
void ReceiveStreamer::follow_rate() {
    const Ticks period = ports_[0].board->period(Direction::receive, ports_[0].channel);
    const bool agreed = std::all_of(ports_.begin(), ports_.end(), [&](const Port& port) {
        return port.board->period(Direction::receive, port.channel) == period;
    });
    if (agreed) run_->period = period;
}

/// Whether the reader came later than the buffer lasts; a continuous run then goes on from now.
bool ReceiveStreamer::overflowed(Ticks now) {
    const Ticks buffered = clock().from_seconds(ports_[0].board->air().config().receive_buffer_s);
    if (now - run_->next[0] <= buffered) return false;
    const Ticks lost = (now - run_->next[0]) / run_->period * run_->period;
    for (Ticks& next : run_->next)
        next += lost;
    if (run_->left) run_->left = 0;
    run_->more = false;
    return true;
}

/// Waits until samples can be had: how many of `count`, none when the deadline is too soon for a
/// packet of them or the run has changed.
std::optional<std::size_t> ReceiveStreamer::wait(std::unique_lock<std::mutex>& lock,
                                                 std::size_t count, Ticks deadline) {
    const auto ready = [&](std::size_t samples) {
        Ticks last = std::numeric_limits<Ticks>::min();
        for (const Ticks next : run_->next)
            last = std::max(last, next + static_cast<Ticks>(samples) * run_->period);
        return ports_[0].board->air().ready(last, run_->period);
    };
    std::size_t wanted = run_->left ? std::min(count, *run_->left) : count;
    if (ready(std::min(wanted, packet_samples)) > deadline) {
        seat().wait(lock, changed_, deadline);
        return std::nullopt;
    }
    while (run_ && seat().now() < ready(wanted)) {
        seat().wait(lock, changed_, ready(wanted));
        if (run_->left) wanted = std::min(wanted, *run_->left);
    }
    return wanted;
}

/// How many of `count` samples come before a packet that is lost.
std::size_t ReceiveStreamer::before_loss(std::size_t count) {
    if (!loss_.possible()) return count;
    std::size_t whole = 0;
    while (whole < count && !lost_next_) {
        lost_next_ = loss_.next();
        if (!lost_next_) whole += packet_samples;
    }
    return std::min(whole, count);
}

void ReceiveStreamer::advance(std::size_t count) {
    for (Ticks& next : run_->next)
        next += static_cast<Ticks>(count) * run_->period;
    if (run_->left) *run_->left -= count;
}

void ReceiveStreamer::read(const Run& run, const buffs_type& buffers, std::size_t count) const {
    std::map<Board*, std::vector<std::size_t>> ports_of;
    for (std::size_t i = 0; i < ports_.size(); ++i)
        ports_of[ports_[i].board.get()].push_back(i);
    for (const auto& [board, ports] : ports_of) {
        Window window;
        window.board = board->index();
        window.start = run.next[ports[0]];
        window.period = run.period;
        window.clock_ahead = board->clock_ahead();
        window.count = count;
        for (const std::size_t port : ports) {
            window.antennas.push_back(ports_[port].antenna);
            window.tunings.push_back(
                board->tuning(Direction::receive, ports_[port].antenna, window.start));
        }
        const std::vector<Sample> samples = board->air().receive(window);
        for (std::size_t i = 0; i < ports.size(); ++i)
            format_.write(&samples[i * count], count, buffers[ports[i]], 0);
    }
}

/// As a board whose cable was pulled: nothing comes any more. Commands end with it.
std::size_t ReceiveStreamer::lose_air(const char* why, std::unique_lock<std::mutex>& lock,
                                      uhd::rx_metadata_t& metadata, Ticks deadline) {
    if (!gone_) UHD_LOG_ERROR("AIRCOMP", why << ": nothing is received any more");
    gone_ = true;
    run_.reset();
    commands_.clear();
    while (seat().now() < deadline)
        seat().wait(lock, changed_, deadline);
    metadata.reset();
    metadata.error_code = uhd::rx_metadata_t::ERROR_CODE_TIMEOUT;
    return 0;
}

void ReceiveStreamer::describe(uhd::rx_metadata_t& metadata) const {
    Board& board = *ports_[0].board;
    metadata.has_time_spec = true;
    metadata.time_spec =
        uhd::time_spec_t::from_ticks(run_->next[0] + board.clock_ahead(), board.tick_rate_hz());
}

std::size_t ReceiveStreamer::recv(const buffs_type& buffers, std::size_t count,
                                  uhd::rx_metadata_t& metadata, double timeout, bool one_packet) {
    std::unique_lock<std::mutex> lock(mutex_);
    metadata.reset();
    const Ticks deadline = seat().now() + clock().from_seconds(timeout);
    if (one_packet) count = std::min(count, packet_samples);
    if (count == 0) return 0;
    for (;;) {
        if (!run_ || (run_->left && *run_->left == 0)) metadata.error_code = next_run();
        if (run_) follow_rate();
        if (run_ && overflowed(seat().now())) {
            metadata.error_code = uhd::rx_metadata_t::ERROR_CODE_OVERFLOW;
            describe(metadata);
        }
        if (metadata.error_code != uhd::rx_metadata_t::ERROR_CODE_NONE) return 0;
        std::optional<std::size_t> available;
        if (run_ && !(run_->left && *run_->left == 0))
            available = wait(lock, count, deadline);
        else if (!run_ && commands_.empty())
            seat().wait(lock, changed_, deadline);
        if (available && run_ && *available > 0) {
            count = *available;
            break;
        }
        if (seat().look(clock().look_period()) >= deadline) {
            metadata.error_code = uhd::rx_metadata_t::ERROR_CODE_TIMEOUT;
            return 0;
        }
    }
    const std::size_t whole = before_loss(count);
    if (whole == 0) {
        lost_next_ = false;
        advance(std::min(count, packet_samples));
        metadata.error_code = uhd::rx_metadata_t::ERROR_CODE_OVERFLOW;
        metadata.out_of_sequence = true;
        describe(metadata);
        return 0;
    }
    count = whole;
    describe(metadata);
    metadata.start_of_burst = !run_->begun;
    const Run run = *run_;
    run_->begun = true;
    advance(count);
    metadata.end_of_burst = run_->left && *run_->left == 0 && !run_->more;
    lock.unlock();  // commands need not wait for the emulator
    try {
        read(run, buffers, count);
    } catch (const AirGone& error) {
        lock.lock();
        return lose_air(error.what(), lock, metadata, deadline);
    }
    return count;
}

}  // namespace gr::aircomp::virtual_radio
