// SPDX-License-Identifier: GPL-3.0-or-later
// The options that `perplexity` and `compare` share.
#pragma once

#include <CLI/CLI.hpp>

#include "experiment/evaluation.hpp"

namespace aircomp::app {

void add_evaluation(CLI::App& command, runtime::EvaluationOptions& options);

}  // namespace aircomp::app
