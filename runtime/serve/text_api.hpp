// SPDX-License-Identifier: GPL-3.0-or-later
// The OpenAI-compatible endpoint: requests become jobs, and what becomes of these goes back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "serve/http.hpp"
#include "serve/text_queue.hpp"

namespace aircomp::runtime::serve {

/// Lives in the loop's thread, and must not outlive loop and queue. Whoever takes jobs from the
/// queue may do so in another thread.
class TextApi {
public:
    /// `model`: the name that requests have to give; `can_chat`: whether it has a chat template,
    /// which /v1/models tells.
    TextApi(control::Loop& loop, TextQueue& queue, std::string model, bool can_chat);

    /// /v1/models, /v1/completions, /v1/chat/completions. They refer to this object.
    control::HttpServer::Routes routes();

private:
    using Reply = std::shared_ptr<control::HttpReply>;

    std::string models() const;
    void take(TextRequest request, const Reply& reply);
    control::HttpRoute posting(TextRequest (*read)(const std::string& body));

    control::Loop& loop_;
    TextQueue& queue_;
    std::string model_;
    bool can_chat_;
    std::int64_t begun_s_;
    std::uint64_t answers_ = 0;
};

/// A refusal of the server itself, as its clients read it.
control::HttpAnswer refuse(unsigned status, const std::string& reason);

}  // namespace aircomp::runtime::serve
