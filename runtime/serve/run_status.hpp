// SPDX-License-Identifier: GPL-3.0-or-later
// What a coordinator knows of its run at one moment, and the two ways in which it says so:
// Prometheus' text and JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/link/coordinator_state.hpp"
#include "serve/summary.hpp"

namespace aircomp::runtime::testbed {

/// A device's link.
struct LinkStatus {
    control::PeerState state = control::PeerState::closed;
    double heartbeat_age_s = 0;  ///< Since anything was heard of it; 0 where it is not there.
    double round_trip_s = 0;     ///< Of the last heartbeat that came back.
    double pause_s = 0;          ///< That it has to stay away for after losses.
};

struct RunStatus {
    CoordinatorSummary totals;  ///< So far.
    std::string phase;          ///< waiting for devices, generating, recovering or ending.
    std::size_t prompt_tokens = 0;
    std::uint64_t refused_connections = 0;
    std::vector<LinkStatus> devices;  ///< As totals.devices.
};

/// Of metrics_text().
constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Prometheus' exposition format, version 0.0.4.
std::string metrics_text(const RunStatus& status);

/// summary_json(), with the phase, the links and times a token.
std::string status_json(const RunStatus& status);

}  // namespace aircomp::runtime::testbed
