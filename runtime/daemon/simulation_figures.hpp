// SPDX-License-Identifier: GPL-3.0-or-later
// What a simulation has done since somebody last looked.
#pragma once

#include <string>
#include <vector>

#include "air/ledger.hpp"
#include "engine/simulation.hpp"
#include "serve/live_feed.hpp"

namespace aircomp::runtime::testbed {

class SimulationFigures {
public:
    /// `model`: what pages call it. The simulation must outlive the object.
    SimulationFigures(Simulation& simulation, const inference::ModelConfig& model_config,
                      const std::string& model);

    /// Wall time of a pass.
    void add_busy(double seconds) { busy_s_ += seconds; }

    /// Of the passes since the last call; where there were none, all is as it was.
    serve::LiveFigures take();

private:
    /// Sums over all passes up to some moment.
    struct Totals {
        Ledger link;
        double compute_s = 0;
        double busy_s = 0;
        std::int64_t tokens = 0;
        std::vector<SumError> errors;
    };
    Totals totals() const;
    void add_errors(const Totals& now);
    void add_parts(const Totals& now);
    void add_powers(const Totals& now);

    Simulation& simulation_;
    double busy_s_ = 0;
    Totals before_;
    serve::LiveFigures figures_;
};

}  // namespace aircomp::runtime::testbed
