// SPDX-License-Identifier: GPL-3.0-or-later
// One round as the coordinator orders it and as the radios report it: plain values that can travel
// in messages, times in integer ticks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "coding/site.hpp"
#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// A round is a header burst of the server, then one burst of all devices at a common time.
struct RoundOrder {
    std::int64_t number = 0;
    bool sounding = false;  ///< The devices sound; otherwise they carry their partials.
    SiteKind site = SiteKind::attention;  ///< Whose settings the partials are sent with.
    /// The first header becomes the reference of all phases: a new coherence block.
    bool new_reference = false;
    std::vector<Ticks> headers;  ///< Where they begin, one after another in one burst.
    std::size_t header_antenna = 0;
    Ticks burst = 0;   ///< Where the devices' bursts begin.
    double scale = 1;  ///< What every device divides its partial by.
};

/// What one device says of a round.
struct DeviceReport {
    WindowReport window;        ///< Of the headers.
    bool header_found = false;  ///< All of them.
    double header_snr_db = 0;   ///< Of the last, all antennas together.
    double offset_hz = 0;       ///< Predicted: the device's oscillator over the server's.
    BurstReport burst;          ///< Waiting: it sent nothing, for lack of a header.
    std::string refusal;        ///< Why the burst was refused.
    double mean_power_w = 0;    ///< Of the burst, all antennas together.
    std::size_t clipped_reals = 0;
    bool limited_vector = false;  ///< Of daemons: see control::BurstReport.
};

/// What the server says of a round.
struct ServerReport {
    BurstReport header;
    WindowReport window;  ///< Of the devices' bursts.
    std::string refusal;  ///< Why the header was refused.
    bool found = false;   ///< Whether there was a preamble, and every device that sounded.
    std::optional<std::size_t> missing;  ///< The first device whose sounding was not found.
    double noise_power_w = 0;
    double confidence = 0;  ///< That no device was missing and none there twice.
    double pilot_gain = 0;  ///< Received over expected pilots.
    double evm = 0;         ///< Of the pilots: rms error over rms reference, mean over the streams.
    double phase_rad = 0;   ///< Common phase taken out, mean over the burst.
};

/// Why a round does not count.
struct RoundFault {
    std::optional<std::size_t> device;  ///< Whose fault it is, where it is a device's.
    std::string what;
    bool refused = false;  ///< By its own limits: the channel is as it was.
};

/// The first thing that is wrong with a round; nothing where it counts. `names` and `devices` have
/// an entry for each device; those whose `sends` is false are not looked at.
std::optional<RoundFault> fault_of(const RoundOrder& order, const std::vector<std::string>& names,
                                   const std::vector<bool>& sends,
                                   const std::vector<DeviceReport>& devices,
                                   const ServerReport& server, double min_confidence);

}  // namespace aircomp::runtime
