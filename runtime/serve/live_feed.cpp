// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as server-sent events.
#include "serve/live_feed.hpp"

#include <string>

namespace aircomp::runtime::serve {

control::HttpRoute LiveFeed::route() {
    control::HttpRoute route;
    route.method = "GET";
    route.handle = [this](const std::string&, const std::shared_ptr<control::HttpReply>& reply) {
        reply->begin("text/event-stream");
        reply->on_gone([this] { --pages_; });
        replies_.push_back(reply);
        ++pages_;
        opened_();
    };
    return route;
}

void LiveFeed::publish(const LiveFigures& figures) {
    const std::string event = "data: " + to_json(figures) + "\n\n";
    std::vector<std::weak_ptr<control::HttpReply>> open;
    open.swap(replies_);
    for (const auto& page : open) {
        const auto reply = page.lock();
        if (!reply) continue;
        reply->write(event);
        replies_.push_back(page);
    }
}

void LiveFeed::close() {
    for (const auto& page : replies_)
        if (const auto reply = page.lock()) reply->end();
    replies_.clear();
    pages_ = 0;
}

}  // namespace aircomp::runtime::serve
