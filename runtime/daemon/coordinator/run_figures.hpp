// SPDX-License-Identifier: GPL-3.0-or-later
// What a coordinator's run has done since somebody last looked.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "config/config.hpp"
#include "serve/live_figures.hpp"
#include "serve/run_status.hpp"

namespace aircomp::runtime::testbed {

class RunFigures {
public:
    /// `model`: what pages call it; `answers`: see LiveFigures. The configuration must outlive the
    /// object.
    RunFigures(const Config& config, const std::string& model, bool answers);

    /// Keeps an event, and forgets the oldest of too many.
    void note(serve::LiveEvent event);

    /// `status` as it is now; `busy_s`: wall time of all passes; `view`: null where sums go over the
    /// control link; `at_s`: as LiveEvent has it. Speeds and times are of the tokens since the last
    /// call; where there were none, they are as they were.
    serve::LiveFigures take(const RunStatus& status, double busy_s, const AirView* view,
                            double at_s);

private:
    void add_devices(const RunStatus& status);
    void note_soundings(const AirSummary& air, double at_s);

    const Config& config_;
    std::deque<serve::LiveEvent> events_;
    std::uint64_t soundings_ = 0;
    std::int64_t tokens_ = 0;  ///< At the last call, as those below.
    double busy_s_ = 0;
    double reduce_s_ = 0;
    serve::LiveFigures figures_;
};

}  // namespace aircomp::runtime::testbed
