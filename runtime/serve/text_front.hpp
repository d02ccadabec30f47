// SPDX-License-Identifier: GPL-3.0-or-later
// What clients reach: the page of a run, and the endpoint and its queue where texts are made for
// them, whoever makes them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "serve/live_feed.hpp"
#include "serve/text_api.hpp"

namespace aircomp::runtime::serve {

/// The model that requests are answered with.
struct AnsweringModel {
    std::string name;
    bool can_chat = false;  ///< Whether it has a chat template.
};

struct TextFrontOptions {
    std::string listen = "127.0.0.1:8080";  ///< HOST:PORT
    std::string token;             ///< That clients have to send; empty: none, loopback only.
    std::size_t most_waiting = 8;  ///< Requests, besides those that are being answered.
    std::size_t most_at_once = 1;  ///< Requests that are answered at a time.
};

/// Lives in the loop's thread, and must not outlive the loop.
class TextFront {
public:
    /// `name`: the option or key that options.listen comes from. `model` nothing: the page alone is
    /// served, without the endpoint. `page_opened`: see LiveFeed. Throws std::invalid_argument for an
    /// address that others reach where there is no token, std::runtime_error where it cannot be
    /// listened on.
    TextFront(control::Loop& loop, const TextFrontOptions& options, const std::string& name,
              const std::optional<AnsweringModel>& model, std::function<void()> page_opened);

    TextQueue& queue() { return queue_; }
    LiveFeed& feed() { return feed_; }
    const LiveFeed& feed() const { return feed_; }

    /// As http://127.0.0.1:8080, with the port that was found free.
    std::string url() const { return http_.url(); }
    /// Writes HOST:PORT into `file`, whole or not at all, for somebody waits for it; nothing where the
    /// name is empty.
    void tell_address(const std::filesystem::path& file) const;

    /// Takes no more clients, and ends what they wait for.
    void close();
    /// Whether all have gone.
    bool is_empty() const { return http_.clients() == 0; }

private:
    control::HttpServer::Routes routes();

    TextQueue queue_;
    std::optional<TextApi> api_;
    LiveFeed feed_;
    control::HttpServer http_;
};

}  // namespace aircomp::runtime::serve
