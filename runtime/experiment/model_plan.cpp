// SPDX-License-Identifier: GPL-3.0-or-later
// What of a plan depends on the model's files, and what a run takes over from it.
#include "experiment/model_plan.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "config/config_entry.hpp"
#include "engine/default_calibration.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

/// Of the calibration that the configuration names, or that the program has made already.
std::optional<double> sensitivity_of(const Config& config,
                                     const inference::Checkpoint& checkpoint) {
    std::filesystem::path file = config.calibration.file;
    if (file == automatic_calibration) file = default_calibration_file(checkpoint);
    if (file.empty() || !std::filesystem::exists(file)) return std::nullopt;
    return total_sensitivity(inference::read_calibration(file, checkpoint.config()).sensitivities);
}

}  // namespace

PlanOptions plan_options(const Config& config, const Model& model) {
    PlanOptions options;
    options.max_loss_nats = config.accuracy.max_loss_nats;
    options.bytes_per_weight = inference::bytes_per_weight(model.checkpoint, config.compute);
    options.budget =
        error_budget(!config.calibration.file.empty(), sensitivity_of(config, model.checkpoint));
    return options;
}

void choose_scheme(Config& config, const Model& model,
                   const std::function<void(std::int64_t done, std::int64_t total)>& progress,
                   const std::function<void(const Plan& plan)>& seen) {
    if (config.scheme != automatic_scheme) return;
    PlanOptions options = plan_options(config, model);
    options.progress = progress;
    const Plan plan = make_plan(config, model.checkpoint.config(), options);
    if (seen) seen(plan);
    if (!plan.chosen) {
        throw std::runtime_error("scheme: auto finds no way that keeps accuracy.max_loss_nats, " +
                                 number_text(config.accuracy.max_loss_nats));
    }
    take_over(plan.choices[*plan.chosen], config);
}

}  // namespace aircomp::runtime
