// SPDX-License-Identifier: GPL-3.0-or-later
// A board as its host sees it: a clock that can be set, and tuners whose settings have their time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "air.hpp"

namespace gr::aircomp::virtual_radio {

enum class Direction { transmit, receive };

/// Any thread may call. Board time is 0 when the board is opened.
class Board {
public:
    /// Board `index` of the air.
    Board(std::shared_ptr<Air> air, std::shared_ptr<Seat> seat, std::size_t index);

    Air& air() const { return *air_; }
    /// The device's, which all its boards share.
    Seat& seat() const { return *seat_; }
    std::size_t index() const { return index_; }
    const BoardConfig& config() const { return air_->config().boards[index_]; }
    double tick_rate_hz() const { return air_->clock().tick_rate_hz; }

    /// Board time, at air time `now` and of the last pulse per second.
    Ticks time_now();
    Ticks time_last_pulse();
    /// Throws uhd::value_error on a time below 0, as does the next: a board counts from 0.
    void set_time_now(Ticks time);
    /// At the next pulse; never where the time source has none.
    void set_time_next_pulse(Ticks time);
    /// Board time less air time.
    Ticks clock_ahead();
    /// By how much a burst of this sampling period that is to begin at a board time begins late.
    Ticks trigger_delay(Ticks board_time, Ticks period) const;

    void set_clock_source(const std::string& source);
    void set_time_source(const std::string& source);
    bool reference_locked();

    /// From now on settings hold from this board time, until the next call; none: at once.
    void set_command_time(std::optional<Ticks> time);

    void set_frequency(Direction direction, std::size_t antenna, double frequency_hz);
    void set_offset_frequency(Direction direction, std::size_t antenna, double frequency_hz);
    void set_gain(Direction direction, std::size_t antenna, double gain_db);
    /// What holds at an air time.
    Tuning tuning(Direction direction, std::size_t antenna, Ticks air_time);

    /// The nearest rate that divides the master clock by a whole number; sets it.
    double set_rate(Direction direction, std::size_t channel, double rate_hz);
    double nearest_rate(double rate_hz) const;
    /// Ticks from a sample to the next.
    Ticks period(Direction direction, std::size_t channel);

    /// The antenna of each channel.
    void set_antennas(Direction direction, const std::vector<std::size_t>& antennas);
    std::vector<std::size_t> antennas(Direction direction);

    /// An antenna sends from one streamer at a time.
    bool has_transmitter(std::size_t antenna);
    void set_transmitter(std::size_t antenna, std::weak_ptr<void> streamer);

private:
    /// A setting's values by the air time from which they hold.
    using Timeline = std::map<Ticks, double>;
    struct Tuner {
        Timeline frequency_hz, offset_hz, gain_db, phase;
        Ticks period;
    };

    bool has_pulse() const;
    Ticks last_edge(Ticks now) const;
    void roll(Ticks now);
    void put(Timeline& timeline, double value);
    void draw_phase(Direction direction);
    Tuner& tuner(Direction direction, std::size_t antenna);

    std::shared_ptr<Air> air_;
    std::shared_ptr<Seat> seat_;  ///< Goes before the air.
    std::size_t index_;
    std::mutex mutex_;
    Ticks ahead_;
    Ticks latched_ = 0;  ///< Board time of the last pulse, where pulses have ended.
    std::optional<std::pair<Ticks, Ticks>> pending_;  ///< Air time of an edge, board time there.
    std::optional<Ticks> command_time_;
    std::string clock_source_ = "internal", time_source_ = "internal";
    std::array<std::vector<Tuner>, 2> tuners_;
    std::array<std::uint64_t, 2> tunes_{};  ///< So far, by direction.
    std::array<std::vector<std::size_t>, 2> antennas_;
    std::map<std::size_t, std::weak_ptr<void>> transmitters_;  ///< Streamers by antenna.
};

}  // namespace gr::aircomp::virtual_radio
