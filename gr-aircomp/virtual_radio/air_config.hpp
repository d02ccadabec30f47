// SPDX-License-Identifier: GPL-3.0-or-later
// What an emulated air is made of: its boards and what lies between them, from a YAML file or from
// device arguments.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gnuradio/aircomp/phy/channel_emulator.hpp"

namespace gr::aircomp::virtual_radio {

/// A board as its user sees it, and how far from ideal it is.
struct BoardConfig {
    std::string name;
    std::string serial;
    std::size_t antennas = 1;           ///< Each with a transmit and a receive channel.
    bool reference = true;              ///< A reference clock is connected.
    bool pulse = true;                  ///< A pulse per second is connected.
    bool automatic_gain = false;        ///< The receiver has it, on until it is switched off.
    double noise_power = 0;             ///< Per received complex sample, at receive gain 0 dB.
    std::uint64_t tune_seed = 0;        ///< Of the phases after tuning; 0: always the same phase.
    double packet_loss = 0;             ///< Chance that a packet to or from the host is lost.
    std::uint64_t loss_seed = 0;        ///< Of which packets are.
    double oscillator_ppm = 0;          ///< Its own above nominal, with clock source `internal`.
    double trigger_jitter_samples = 0;  ///< Most by which a burst begins late, each anew.
    std::uint64_t jitter_seed = 0;      ///< Of how late bursts begin.
    phy::RadioImpairments transmitter;  ///< Oscillator and clock hold for both directions.
    phy::RadioImpairments receiver;
};

/// A path whose gains are given: `gains[a][b]` from antenna b of the second board to antenna a of
/// the first, and back.
struct GivenPath {
    double delay = 0;  ///< Samples.
    std::vector<std::vector<std::complex<double>>> gains;
};

/// What lies between two boards; the same in both directions.
struct LinkConfig {
    bool connected = true;
    double gain_db = 0;   ///< Mean power gain of all paths together.
    bool fading = false;  ///< Rayleigh: gains drawn from the seed; else one path, gain real.
    phy::DelayProfile profile{1, 1, 0, 0, 1, 0, 0};
    std::vector<GivenPath> given;  ///< Where not empty, these and nothing drawn.
};

/// scaled: the wall's times time_scale. event: as far as all who use it have come (EventClock).
enum class ClockKind : std::uint8_t { scaled, event };

struct AirConfig {
    double tick_rate_hz = 200e6;
    ClockKind clock = ClockKind::scaled;
    double time_scale = 1;   ///< Of a scaled clock.
    double patience_s = 10;  ///< Of the wall's clock, that a silent device may hold an event clock.
    std::uint64_t seed = 1;
    double coherence_time_s = 0;  ///< Fading gains are drawn anew after it; 0: never.
    double receive_buffer_s = 1;  ///< Of radio time: how late a reader may come.
    double most_delay = 64;       ///< Samples.
    double most_offset = 16;      ///< Samples.
    std::vector<BoardConfig> boards;
    LinkConfig link;  ///< Between any two boards that `links` does not name.
    std::map<std::pair<std::size_t, std::size_t>, LinkConfig> links;  ///< By board, lower first.

    /// The link of two boards; that of a board with itself is connected only where it is named.
    const LinkConfig& between(std::size_t a, std::size_t b) const;
};

/// `boards` ideal boards named board0, board1, ..., all linked by a gain of 1.
AirConfig ideal_air(std::size_t boards, std::size_t antennas);

/// A clock by its name; nothing where there is no such clock.
std::optional<ClockKind> clock_of(const std::string& name);

/// Reads the file. Throws std::runtime_error "FILE:LINE: KEY: expected ..., found ...".
AirConfig read_air(const std::string& file);

}  // namespace gr::aircomp::virtual_radio
