// SPDX-License-Identifier: GPL-3.0-or-later
// The page at / and what it is made of, as the folder page/ has it, within the program.
#pragma once

#include "serve/http.hpp"

namespace aircomp::runtime::serve {

/// The page, its style, its script, and Chart.js. They hold no secrets and need no token.
control::HttpServer::Routes page_routes();

}  // namespace aircomp::runtime::serve
