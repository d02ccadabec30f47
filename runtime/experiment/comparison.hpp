// SPDX-License-Identifier: GPL-3.0-or-later
// Several schemes over one text in one testbed, as the command `compare` shows them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiment/evaluation.hpp"

namespace aircomp::runtime {

/// Names of the schemes that a comparison has unless it is told otherwise.
std::vector<std::string> compared_schemes();

/// A result of evaluate() for each scheme, with a "label" that also tells bits where it quantises.
/// Throws std::invalid_argument for a scheme that is not known, before any of them runs.
Json compare(Config config, const Model& model, const std::vector<inference::Token>& tokens,
             const std::vector<std::string>& schemes, const EvaluationOptions& options);

}  // namespace aircomp::runtime
