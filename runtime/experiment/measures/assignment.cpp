// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `assignment`: shares by the long timescale, problem (10).
#include <algorithm>

#include "aircomp/inference/slice_cost.hpp"
#include "engine/assignment.hpp"
#include "experiment/measures.hpp"
#include "experiment/open_model.hpp"

namespace aircomp::runtime {
namespace {

optimizer::Assignment assign(const ExperimentPoint& point,
                             const optimizer::AssignmentProblem& problem) {
    optimizer::AssignmentOptions options;
    options.seed = point.config.seed;
    options.channels = static_cast<int>(point.setup.channels);
    if (point.setup.iterations > 0) options.max_iterations = point.setup.iterations;
    return optimizer::assign_shares(problem, options);
}

Json measure_assignment(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/false);
    const auto problem =
        assignment_problem(point.config, model.checkpoint.config(),
                           inference::bytes_per_weight(model.checkpoint, point.config.compute));
    const auto assignment = assign(point, problem);
    const std::vector<double> equal(problem.devices.size(),
                                    1 / static_cast<double>(problem.devices.size()));
    const auto nearest = optimizer::nearest_feasible(problem, equal);
    const auto expected = optimizer::expected_nmse(
        problem, nearest, static_cast<int>(point.setup.channels), point.config.seed + 1);
    return {
        {"nmse", assignment.nmse.mean},
        {"nmse_standard_error", assignment.nmse.standard_error},
        {"equal_nmse", expected.mean},
        {"equal_over_assigned", expected.mean / assignment.nmse.mean},
        {"stationarity", assignment.trace.back().stationarity},
        {"steps", assignment.trace.size()},
        {"largest_share", *std::max_element(assignment.shares.begin(), assignment.shares.end())}};
}

}  // namespace

Measure assignment_measure() {
    return {"assignment",
            "error of the shares that the long timescale chooses, and of equal ones",
            {},
            measure_assignment};
}

}  // namespace aircomp::runtime
