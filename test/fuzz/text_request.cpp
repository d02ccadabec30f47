// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the reader of requests for texts: any body is refused with 400 and an error that is JSON, or
// is a request whose every value is in its range. The first byte chooses the kind.
#include "serve/text_request.hpp"

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "serve/api_error.hpp"

namespace {

using namespace aircomp::runtime::serve;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const TextRequest& request) {
    require(!request.model.empty());
    require(request.is_chat ? !request.messages.empty()
                            : !request.prompt.empty() || !request.prompt_tokens.empty());
    for (const auto& message : request.messages)
        require(message.role == "system" || message.role == "user" || message.role == "assistant");
    for (const auto token : request.prompt_tokens)
        require(token >= 0);
    require(!request.tokens || *request.tokens > 0);
    require(request.stop.size() <= 4);
    for (const auto& stop : request.stop)
        require(!stop.empty() && stop.size() <= 256);
    require(!request.alternatives || (*request.alternatives >= 0 && *request.alternatives <= 20));
    const auto& sampling = request.sampling;
    require(sampling.temperature >= 0 && sampling.temperature <= 2);
    require(sampling.top_p > 0 && sampling.top_p <= 1);
    require(sampling.top_k >= 0);
    require(sampling.repetition_penalty > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        check(data[0] % 2 == 0 ? read_completion_request(body) : read_chat_request(body));
    } catch (const ApiError& error) {
        require(error.status == 400);
        const auto json = nlohmann::json::parse(error_json(error));
        require(json["error"]["message"].is_string());
    }
    return 0;
}
