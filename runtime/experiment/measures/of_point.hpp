// SPDX-License-Identifier: GPL-3.0-or-later
// What several measures make of a point.
#pragma once

#include "experiment/evaluation.hpp"
#include "experiment/experiment.hpp"

namespace aircomp::runtime {

/// What to_json(TokenCost) has, of its lists the energy of each device where the point asks for it.
Json token_columns(const ExperimentPoint& point, const Json& cost);

EvaluationOptions evaluation_of(const ExperimentSetup& setup);

}  // namespace aircomp::runtime
