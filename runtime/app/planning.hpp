// SPDX-License-Identifier: GPL-3.0-or-later
// Plans as commands make and show them, and the scheme `auto`.
#pragma once

#include <ostream>

#include "experiment/model_plan.hpp"

namespace aircomp::app {

/// The table that the plan chose from, and its choice.
void print_plan(std::ostream& out, const runtime::Config& config, const runtime::Plan& plan);

/// runtime::choose_scheme(), which says on standard error what there was to choose from.
void choose_scheme(runtime::Config& config, const runtime::Model& model);

}  // namespace aircomp::app
