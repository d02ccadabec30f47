// SPDX-License-Identifier: GPL-3.0-or-later
// Who may ask a server that browsers reach: programs with its token, and pages of its own.
#pragma once

#include <optional>
#include <string>

namespace aircomp::runtime::control {

/// What of a request's header says where it comes from; empty where a field is missing.
struct HttpFields {
    std::string host = {};
    std::string origin = {};
    std::string authorization = {};
    std::string fetch_site = {};  ///< Sec-Fetch-Site
    std::string fetch_mode = {};  ///< Sec-Fetch-Mode
};

struct HttpAccess {
    /// What comes behind "Authorization: Bearer "; empty: none is needed, and Host has to name this
    /// machine's loopback interface, so that no name of somebody else's leads a browser here.
    std::string token = {};
};

struct HttpRefusal {
    unsigned status = 0;
    std::string reason;
};

/// Why a request is refused; nothing where it is not. `needs_token` false: what holds no secrets,
/// such as the page's own files.
std::optional<HttpRefusal> refusal(const HttpAccess& access, const HttpFields& fields,
                                   bool needs_token);

/// The first line of a file. Throws std::runtime_error, naming the file, where it cannot be read,
/// where others than its owner may read it, or where the line has less than 16 characters or one
/// that no header can carry.
std::string read_token(const std::string& file);

}  // namespace aircomp::runtime::control
