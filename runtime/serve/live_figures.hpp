// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a run at one moment, as pages show them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "serve/air_view.hpp"
#include "serve/summary.hpp"

namespace aircomp::runtime::serve {

struct LivePart {
    std::string name;  ///< Of the ledger, such as "uplink".
    double seconds_per_token = 0;
};

struct LiveDevice {
    std::string name;
    double share = 0;    ///< m_n, of a token's operations.
    double power_w = 0;  ///< Transmitted: mean over the simulated time, or of the last burst.
    double max_power_w = 0;
    std::string state = {};  ///< Of its link, where it has one.
    bool is_there = true;
    std::uint64_t losses = 0;                             ///< Times that it was lost.
    std::optional<testbed::DeviceAirSummary> radio = {};  ///< Where it has one.
};

/// What happened to a run.
struct LiveEvent {
    double at_s = 0;  ///< Since the coordinator began.
    bool is_warning = false;
    std::string text;
};

/// What is known of the air where sums go over radios.
struct LiveAir {
    testbed::AirSummary totals;
    testbed::AirView view;
};

/// Of the tokens since the figures before, the prompt's included, where nothing else is said.
struct LiveFigures {
    std::string model, scheme;
    bool answers = true;      ///< Whether requests are answered; otherwise one prompt is continued.
    std::string text;         ///< That continuation, as far as it is written, or its end.
    std::string phase;        ///< Of a coordinator's run, as /status has it.
    std::int64_t tokens = 0;  ///< Since the beginning.
    double tokens_per_s = 0;  ///< Of wall time.
    double nmse = 0;          ///< Over all sites.
    std::vector<double> site_nmse;  ///< Where it is known.
    bool is_simulated = true;       ///< Time is the simulation's, and not the clock's.
    std::vector<LivePart> parts;    ///< Of that time.
    std::vector<LiveDevice> devices;
    std::optional<LiveAir> air;
    std::vector<LiveEvent> events;  ///< The last ones, the oldest first.
    std::size_t waiting = 0;        ///< Requests.
};

/// One event's data for /live.
std::string to_json(const LiveFigures& figures);

}  // namespace aircomp::runtime::serve
