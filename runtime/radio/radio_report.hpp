// SPDX-License-Identifier: GPL-3.0-or-later
// How bursts and windows of a radio ended, for whoever hears of it: rounds, messages, logs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aircomp::runtime {

/// Where a burst is. The control protocol has the numbers of all but the last two, in which it is
/// under way and nothing to report.
enum class BurstState : std::uint8_t {
    waiting,                   ///< There is none.
    acknowledged,              ///< Every channel sent all of it at its time.
    late,                      ///< Its time had passed.
    underflowed,               ///< Samples came too slowly.
    broken,                    ///< Packets were lost on the way to the radio.
    unacknowledged,            ///< A channel has not answered in time.
    refused,                   ///< The laboratory's limits have kept it from the radio.
    in_burst,                  ///< Samples are being handed over.
    awaiting_acknowledgement,  ///< All are handed over; not every channel has answered.
};

/// As reports name it: "acknowledged".
const char* to_string(BurstState state);

struct BurstReport {
    BurstState state = BurstState::waiting;
    double mean_dbfs = 0;     ///< Of the loudest channel at the converter.
    double peak_dbfs = 0;     ///< Largest |I| or |Q| at the converter, before clipping.
    std::size_t clipped = 0;  ///< Samples beyond full scale, clipped to it.
};

/// How the reception of a window ended. The control protocol has their numbers.
enum class WindowState : std::uint8_t {
    whole,
    late,        ///< Its time had passed.
    overflowed,  ///< Samples were lost on the way from the radio.
    missing,     ///< Nothing came in time.
};

/// As reports name it: "whole".
const char* to_string(WindowState state);

struct WindowReport {
    WindowState state = WindowState::missing;
    double mean_dbfs = 0;  ///< Of the loudest channel at the converter.
    double peak_dbfs = 0;  ///< Largest |I| or |Q| at the converter; 0 is its end.
};

}  // namespace aircomp::runtime
