// SPDX-License-Identifier: GPL-3.0-or-later
// What an experiment can measure at one of its points: a row each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiment/experiment.hpp"
#include "experiment/json.hpp"

namespace aircomp::runtime {

/// One measure. A file of measures/ offers it by a function that measures.cpp lists.
struct Measure {
    std::string name;
    std::string is;                  ///< What it finds, in a sentence.
    std::vector<std::string> needs;  ///< Keys of `setup` that it cannot do without.
    /// The columns of one row, numbers all of them, units in the names. The same point gives the
    /// same figures, whoever measures it.
    std::function<Json(const ExperimentPoint& point)> run;
};

/// All of them, in the order that errors show them.
const std::vector<Measure>& measures();

/// Throws std::invalid_argument, which lists the names that there are.
const Measure& find_measure(const std::string& name);

}  // namespace aircomp::runtime
