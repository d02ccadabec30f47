// SPDX-License-Identifier: GPL-3.0-or-later
// The section status: what a coordinator shows of its run.
#pragma once

#include <filesystem>
#include <string>

#include "config/section.hpp"

namespace aircomp::runtime {

/// The page of a run.
struct StatusConfig {
    std::string page = "none";         ///< HOST:PORT
    std::filesystem::path token_file;  ///< Empty: no token, loopback only.
};

const Keys<StatusConfig>& status_keys();

}  // namespace aircomp::runtime
