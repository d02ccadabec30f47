// SPDX-License-Identifier: GPL-3.0-or-later
// A receive streamer: windows of the air as stream commands ask for them, computed when they are
// read.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <uhd/stream.hpp>

#include "packet_loss.hpp"
#include "sample_format.hpp"
#include "streamer_ports.hpp"

namespace gr::aircomp::virtual_radio {

/// Timeouts count radio time.
class ReceiveStreamer : public uhd::rx_streamer {
public:
    ReceiveStreamer(std::vector<Port> ports, const std::string& cpu_format);

    std::size_t get_num_channels() const override { return ports_.size(); }
    std::size_t get_max_num_samps() const override { return packet_samples; }
    std::size_t recv(const buffs_type& buffers, std::size_t count, uhd::rx_metadata_t& metadata,
                     double timeout, bool one_packet) override;
    void issue_stream_cmd(const uhd::stream_cmd_t& command) override;

private:
    /// What a stream command left to be received.
    struct Run {
        std::vector<Ticks> next;  ///< Air time of every port's next sample.
        Ticks period;
        std::optional<std::size_t> left;  ///< Samples; none: until told to stop.
        bool more = false;                ///< Another command must follow on.
        bool begun = false;
    };
    /// A stream command that waits for its turn.
    struct Command {
        std::vector<Ticks> start;
        bool follows_on;  ///< Untimed: at once, or where the one before ends.
        std::optional<std::size_t> count;
        bool more;
        bool late;
    };
    using Code = uhd::rx_metadata_t::error_code_t;

    const AirClock& clock() const { return ports_[0].board->air().clock(); }
    Seat& seat() const { return ports_[0].board->seat(); }
    void stop(Ticks now);
    Code next_run();
    void follow_rate();
    bool overflowed(Ticks now);
    std::size_t lose_air(const char* why, std::unique_lock<std::mutex>& lock,
                         uhd::rx_metadata_t& metadata, Ticks deadline);
    std::optional<std::size_t> wait(std::unique_lock<std::mutex>& lock, std::size_t count,
                                    Ticks deadline);
    std::size_t before_loss(std::size_t count);
    void advance(std::size_t count);
    void read(const Run& run, const buffs_type& buffers, std::size_t count) const;
    void describe(uhd::rx_metadata_t& metadata) const;

    const std::vector<Port> ports_;
    const SampleFormat format_;
    PacketLoss loss_;
    bool gone_ = false;       ///< The air is.
    bool lost_next_ = false;  ///< The next packet is known to be lost.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Command> commands_;
    std::optional<Run> run_;
};

}  // namespace gr::aircomp::virtual_radio
