// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a run for pages that are open: server-sent events, made only where somebody looks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "serve/http.hpp"
#include "serve/live_figures.hpp"

namespace aircomp::runtime::serve {

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
