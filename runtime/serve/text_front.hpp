// SPDX-License-Identifier: GPL-3.0-or-later
// What clients of a model reach, whoever makes its texts: the endpoint, its queue, and the page.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "serve/live_feed.hpp"
#include "serve/text_api.hpp"

namespace aircomp::runtime::serve {

struct TextFrontOptions {
    std::string listen = "127.0.0.1:8080";  ///< HOST:PORT
    std::string token;             ///< That clients have to send; empty: none, loopback only.
    std::size_t most_waiting = 8;  ///< Requests, besides the one that is being answered.
};

/// Lives in the loop's thread, and must not outlive the loop.
class TextFront {
public:
    /// `name`: the option that options.listen comes from. `model`, `can_chat`: see TextApi;
    /// `page_opened`: see LiveFeed. Throws std::invalid_argument for an address that others reach
    /// where there is no token, std::runtime_error where it cannot be listened on.
    TextFront(control::Loop& loop, const TextFrontOptions& options, const std::string& name,
              const std::string& model, bool can_chat, std::function<void()> page_opened);

    TextQueue& queue() { return queue_; }
    LiveFeed& feed() { return feed_; }

    /// As http://127.0.0.1:8080, with the port that was found free.
    std::string url() const { return http_.url(); }

    /// Takes no more clients, and ends what they wait for.
    void close();
    /// Whether all have gone.
    bool is_empty() const { return http_.clients() == 0; }

private:
    control::HttpServer::Routes routes();

    TextQueue queue_;
    TextApi api_;
    LiveFeed feed_;
    control::HttpServer http_;
};

}  // namespace aircomp::runtime::serve
