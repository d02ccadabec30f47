// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `link`: a token of known dimensions through the link, without weights.
#include "experiment/cost_json.hpp"
#include "experiment/dimensions.hpp"
#include "experiment/link_trial.hpp"
#include "experiment/measures.hpp"
#include "experiment/measures/of_point.hpp"

namespace aircomp::runtime {
namespace {

Json measure_link(const ExperimentPoint& point) {
    TrialOptions options;
    options.tokens = point.setup.tokens;
    options.position = point.setup.position;
    const auto trial = run_link_trial(point.config, dimensions_of(point.setup.dimensions), options);
    Json row = {{"nmse", trial.nmse}, {"clipped_fraction", trial.clipped_fraction}};
    row.update(token_columns(point, to_json(trial.cost)));
    return row;
}

}  // namespace

Measure link_measure() {
    return {"link",
            "time, energy and error of tokens whose model is dimensions alone",
            {"dimensions"},
            measure_link};
}

}  // namespace aircomp::runtime
