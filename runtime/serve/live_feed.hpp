// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a run for pages that are open: server-sent events, made only where somebody looks.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/http.hpp"

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
};

/// Of the tokens since the figures before, the prompt's included, where nothing else is said.
struct LiveFigures {
    std::string model, scheme;
    std::int64_t tokens = 0;        ///< Since the beginning.
    double tokens_per_s = 0;        ///< Of wall time.
    double nmse = 0;                ///< Over all sites.
    std::vector<double> site_nmse;  ///< Where it is known.
    bool is_simulated = true;       ///< Time is the simulation's, and not the clock's.
    std::vector<LivePart> parts;    ///< Of that time.
    std::vector<LiveDevice> devices;
    std::size_t waiting = 0;  ///< Requests.
};

std::string to_json(const LiveFigures& figures);

/// Whoever has a page open. In the loop's thread but where it says otherwise.
class LiveFeed {
public:
    /// `opened`: called for every new page, which wants to know how things are.
    explicit LiveFeed(std::function<void()> opened) : opened_(std::move(opened)) {}

    /// To /live; refers to this object.
    control::HttpRoute route();

    /// Whether somebody looks. From any thread.
    bool is_watched() const { return pages_ > 0; }

    void publish(const LiveFigures& figures);

    /// Ends all pages' streams.
    void close();

private:
    std::function<void()> opened_;
    std::vector<std::weak_ptr<control::HttpReply>> replies_;
    std::atomic<int> pages_ = 0;
};

}  // namespace aircomp::runtime::serve
