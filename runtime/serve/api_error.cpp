// SPDX-License-Identifier: GPL-3.0-or-later
// Errors as OpenAI's clients read them.
#include "serve/api_error.hpp"

#include <nlohmann/json.hpp>

namespace aircomp::runtime::serve {
namespace {

using Json = nlohmann::ordered_json;

const char* type_of(unsigned status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 429:
            return "rate_limit_error";
        default:
            return status < 500 ? "invalid_request_error" : "server_error";
    }
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

std::string error_json(const ApiError& error) {
    const Json json = {{"error",
                        {{"message", error.what()},
                         {"type", type_of(error.status)},
                         {"param", text_or_null(error.parameter)},
                         {"code", text_or_null(error.code)}}}};
    // What is found in a request need not be UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

control::HttpAnswer error_answer(const ApiError& error) {
    control::HttpAnswer answer{error.status, "application/json", error_json(error) + "\n", {}};
    if (error.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (error.status == 429) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

}  // namespace aircomp::runtime::serve
