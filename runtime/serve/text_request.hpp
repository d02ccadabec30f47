// SPDX-License-Identifier: GPL-3.0-or-later
// A request for text, as OpenAI's clients write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/sampler.hpp"

namespace aircomp::runtime::serve {

struct TextRequest {
    bool is_chat = false;
    std::string model;
    std::vector<inference::ChatMessage> messages;  ///< Of a chat.
    std::string prompt;                            ///< To be continued, otherwise;
    std::vector<inference::Token> prompt_tokens;   ///< or this, where it is not empty.
    std::optional<std::int64_t> tokens;            ///< To make at most.
    inference::SamplingOptions sampling;           ///< But for the seed.
    std::optional<std::int64_t> seed;
    std::vector<std::string> stop;  ///< End the text and are not part of it; none is empty.
    bool stream = false;
    bool include_usage = false;                ///< Also in a stream.
    std::optional<std::int64_t> alternatives;  ///< Logprobs, and of so many likeliest tokens.
};

/// Reads the body of POST /v1/completions or /v1/chat/completions. Throws ApiError, 400, that names
/// the key, what was expected and what was found; for keys that are not known as well, and for
/// known ones that ask for what is not supported.
TextRequest read_completion_request(const std::string& body);
TextRequest read_chat_request(const std::string& body);

}  // namespace aircomp::runtime::serve
