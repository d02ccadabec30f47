// SPDX-License-Identifier: GPL-3.0-or-later
// A plan for a model that is there, and the scheme `auto`, which is what the plan chooses.
#pragma once

#include <cstdint>
#include <functional>

#include "experiment/open_model.hpp"
#include "experiment/plan.hpp"

namespace aircomp::runtime {

/// Bytes of a weight and budget of the model's own, by its calibration where there is one.
PlanOptions plan_options(const Config& config, const Model& model);

/// Where the scheme is `auto`, puts the one that the model's plan chooses in its place, with its
/// devices, shares, streams and bits. `progress` and `seen`, where they are there, are told how far the
/// plan is and shown it before. Throws std::runtime_error where no way keeps accuracy.max_loss_nats.
void choose_scheme(Config& config, const Model& model,
                   const std::function<void(std::int64_t done, std::int64_t total)>& progress,
                   const std::function<void(const Plan& plan)>& seen);

}  // namespace aircomp::runtime
