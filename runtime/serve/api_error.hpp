// SPDX-License-Identifier: GPL-3.0-or-later
// What a client of the OpenAI-compatible endpoint is told where its request fails.
#pragma once

#include <stdexcept>
#include <string>

#include "serve/http.hpp"

namespace aircomp::runtime::serve {

struct ApiError : std::runtime_error {
    /// `key`: of the request, where one is wrong.
    ApiError(unsigned http_status, const std::string& message, std::string key = "",
             std::string error_code = "")
        : std::runtime_error(message),
          status(http_status),
          parameter(std::move(key)),
          code(std::move(error_code)) {}

    unsigned status;
    std::string parameter;
    std::string code;
};

/// {"error": {"message", "type", "param", "code"}}; the type follows from the status.
std::string error_json(const ApiError& error);

/// The same as a whole answer, with the headers that belong to its status.
control::HttpAnswer error_answer(const ApiError& error);

}  // namespace aircomp::runtime::serve
