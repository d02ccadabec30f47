// SPDX-License-Identifier: GPL-3.0-or-later
// The air as boards see it: what goes out, what is asked for, and a clock. In this process or
// behind a socket.
#pragma once

#include <gsl/span>
#include <memory>
#include <string>
#include <vector>

#include "air_clock.hpp"
#include "air_config.hpp"
#include "gnuradio/aircomp/phy/burst_format.hpp"
#include "seat.hpp"

namespace gr::aircomp::virtual_radio {

using phy::Sample;

/// An antenna's channel at one time.
struct Tuning {
    double frequency_hz = 0;
    double gain_db = 0;
    double phase = 0;  ///< Of the synthesiser, rad.
};

/// Consecutive samples of one antenna.
struct Transmission {
    std::size_t board = 0;
    std::size_t antenna = 0;
    Ticks start = 0;        ///< Air time of the first sample.
    Ticks period = 1;       ///< From a sample to the next.
    Ticks clock_ahead = 0;  ///< The board's time less the air's.
    Tuning tuning;
    std::vector<Sample> samples;
};

/// What a board's receiver shall hear.
struct Window {
    std::size_t board = 0;
    Ticks start = 0;
    Ticks period = 1;
    Ticks clock_ahead = 0;
    std::size_t count = 0;              ///< Samples.
    std::vector<std::size_t> antennas;  ///< Of the board.
    std::vector<Tuning> tunings;        ///< Of these antennas.
};

/// Any thread may call.
class Air {
public:
    virtual ~Air() = default;

    virtual const AirConfig& config() const = 0;
    /// How its ticks count; the time that it is, a seat knows.
    virtual const AirClock& clock() const = 0;

    /// Keeps boards for `process` as long as the seat lives. Throws std::runtime_error, naming the
    /// process that has one of them already.
    virtual std::shared_ptr<Seat> claim(const std::vector<std::size_t>& boards, int process) = 0;

    /// Takes all of them, or none and returns false where one would have had to begin before now.
    virtual bool transmit(std::vector<Transmission> transmissions) = 0;

    /// The window's samples, antenna after antenna. Call when ready(window) has passed.
    virtual std::vector<Sample> receive(const Window& window) = 0;

    /// The first tick at which nothing that is still to come can be heard before `end`.
    Ticks ready(Ticks end, Ticks period) const;
};

/// Samples beyond a window that shape its last ones.
std::size_t emulator_latency(const AirConfig& config);

}  // namespace gr::aircomp::virtual_radio
