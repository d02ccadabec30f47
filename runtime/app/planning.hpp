// SPDX-License-Identifier: GPL-3.0-or-later
// Plans as commands make and show them, and the scheme `auto`.
#pragma once

#include <ostream>

#include "experiment/open_model.hpp"
#include "experiment/plan.hpp"

namespace aircomp::app {

/// Bytes of a weight and budget of the model's own, by its calibration where there is one.
runtime::PlanOptions plan_options(const runtime::Config& config, const runtime::Model& model);

/// The table that the plan chose from, and its choice.
void print_plan(std::ostream& out, const runtime::Config& config, const runtime::Plan& plan);

/// Where the scheme is `auto`, makes it the one that the model's plan chooses, with its devices, shares,
/// streams and bits, and says so on standard error. Throws std::runtime_error where no way keeps
/// accuracy.max_loss_nats.
void choose_scheme(runtime::Config& config, const runtime::Model& model);

}  // namespace aircomp::app
