// SPDX-License-Identifier: GPL-3.0-or-later
// A transmit streamer: bursts at their time, a bounded buffer, and what boards report about both.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <uhd/stream.hpp>

#include "packet_loss.hpp"
#include "sample_format.hpp"
#include "streamer_ports.hpp"

namespace gr::aircomp::virtual_radio {

/// Events are known ahead: what a burst will report is queued with the time at which it does.
/// Timeouts count radio time.
class TransmitStreamer : public uhd::tx_streamer {
public:
    TransmitStreamer(std::vector<Port> ports, const std::string& cpu_format,
                     std::size_t buffer_samples);

    std::size_t get_num_channels() const override { return ports_.size(); }
    std::size_t get_max_num_samps() const override { return packet_samples; }
    std::size_t send(const buffs_type& buffers, std::size_t count,
                     const uhd::tx_metadata_t& metadata, double timeout) override;
    bool recv_async_msg(uhd::async_metadata_t& message, double timeout) override;

private:
    /// idle: between bursts. announced: a burst began, without samples so far. sending: samples
    /// have a time. starved: the last sample went out and the burst is not over. dropping: the
    /// burst came late or lost a packet.
    enum class State { idle, announced, sending, starved, dropping };

    const AirClock& clock() const { return ports_[0].board->air().clock(); }
    Seat& seat() const { return ports_[0].board->seat(); }
    void begin(const uhd::tx_metadata_t& metadata);
    bool schedule(Ticks now);
    void schedule_soon(Ticks now);
    void notice_starvation(Ticks now);
    bool wait_for_room(std::unique_lock<std::mutex>& lock, Ticks deadline);
    std::size_t room(Ticks now);
    bool send_piece(const buffs_type& buffers, std::size_t first, std::size_t count);
    void finish(Ticks now);
    void post(Ticks when, uhd::async_metadata_t::event_code_t code, bool at_next);

    const std::vector<Port> ports_;
    const SampleFormat format_;
    const std::size_t buffer_samples_;
    PacketLoss loss_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::idle;
    bool gone_ = false;  ///< The air is.
    bool timed_ = false;
    uhd::time_spec_t time_;
    Ticks period_ = 1;
    std::vector<Ticks> next_;                             ///< Air time of every port's next sample.
    std::deque<std::pair<Ticks, std::size_t>> queued_;    ///< End of pieces, and their samples.
    std::multimap<Ticks, uhd::async_metadata_t> events_;  ///< By the air time that they come at.
};

}  // namespace gr::aircomp::virtual_radio
