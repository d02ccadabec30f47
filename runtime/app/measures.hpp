// SPDX-License-Identifier: GPL-3.0-or-later
// What an experiment can measure at one of its points.
#pragma once

#include "experiment/experiment.hpp"
#include "output.hpp"

namespace aircomp::app {

/// The columns of one row, numbers all of them, units in the names. `measure` is as
/// runtime::read_experiment() lets it through. The same point gives the same figures, whoever
/// measures it.
Json measure(const std::string& measure, const runtime::ExperimentPoint& point);

}  // namespace aircomp::app
