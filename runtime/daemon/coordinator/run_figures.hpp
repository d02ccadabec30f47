// SPDX-License-Identifier: GPL-3.0-or-later
// What a coordinator's run has done since somebody last looked.
#pragma once

#include <string>

#include "config/config.hpp"
#include "serve/live_feed.hpp"
#include "serve/run_status.hpp"

namespace aircomp::runtime::testbed {

class RunFigures {
public:
    /// `model`: what pages call it. The configuration must outlive the object.
    RunFigures(const Config& config, const std::string& model);

    /// `status` as it is now; `busy_s`: wall time of all passes. Speeds and times are of the tokens
    /// since the last call; where there were none, they are as they were.
    serve::LiveFigures take(const RunStatus& status, double busy_s);

private:
    void add_devices(const RunStatus& status);

    const Config& config_;
    std::int64_t tokens_ = 0;  ///< At the last call, as those below.
    double busy_s_ = 0;
    double reduce_s_ = 0;
    serve::LiveFigures figures_;
};

}  // namespace aircomp::runtime::testbed
