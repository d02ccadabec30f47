// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as events.
#include "serve/live_feed.hpp"

#include <nlohmann/json.hpp>

namespace aircomp::runtime::serve {

std::string to_json(const LiveFigures& figures) {
    using Json = nlohmann::ordered_json;
    Json json = {{"model", figures.model},
                 {"scheme", figures.scheme},
                 {"tokens", figures.tokens},
                 {"tokens_per_s", figures.tokens_per_s},
                 {"nmse", figures.nmse},
                 {"site_nmse", figures.site_nmse},
                 {"is_simulated", figures.is_simulated},
                 {"parts", Json::array()},
                 {"devices", Json::array()},
                 {"waiting", figures.waiting}};
    for (const LivePart& part : figures.parts)
        json["parts"].push_back({{"name", part.name}, {"s_per_token", part.seconds_per_token}});
    for (const LiveDevice& device : figures.devices) {
        json["devices"].push_back({{"name", device.name},
                                   {"share", device.share},
                                   {"power_w", device.power_w},
                                   {"max_power_w", device.max_power_w},
                                   {"state", device.state},
                                   {"is_there", device.is_there}});
    }
    // Names come from a configuration, which need not be UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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
