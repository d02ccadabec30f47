// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of plans, and what a run takes over from one.
#include "planning.hpp"

#include <filesystem>
#include <iostream>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "engine/default_calibration.hpp"
#include "output.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

/// Of the calibration that the configuration names, or that the program has made already.
std::optional<double> sensitivity_of(const runtime::Config& config,
                                     const inference::Checkpoint& checkpoint) {
    std::filesystem::path file = config.calibration.file;
    if (file == runtime::automatic_calibration)
        file = runtime::default_calibration_file(checkpoint);
    if (file.empty() || !std::filesystem::exists(file)) return std::nullopt;
    return runtime::total_sensitivity(
        inference::read_calibration(file, checkpoint.config()).sensitivities);
}

std::vector<std::string> row(const runtime::PlanChoice& choice, bool chosen) {
    const bool tried = choice.cost.total_s() > 0;
    const auto count = [](int value) { return value > 0 ? std::to_string(value) : "-"; };
    const auto seconds = [&](double value) { return tried ? duration(value) : "-"; };
    return {(chosen ? "> " : "  ") + choice.config.scheme,
            std::to_string(choice.devices),
            (choice.by_block ? "<= " : "") + count(choice.streams),
            choice.bits_up > 0 ? number("%g", choice.bits_up) : "-",
            count(choice.bits_down),
            seconds(choice.compute_s()),
            seconds(choice.air_s()),
            seconds(choice.cost.total_s()),
            number("%.4f", choice.loss_nats),
            choice.reason};
}

}  // namespace

runtime::PlanOptions plan_options(const runtime::Config& config, const runtime::Model& model) {
    runtime::PlanOptions options;
    options.max_loss_nats = config.accuracy.max_loss_nats;
    options.bytes_per_weight = inference::bytes_per_weight(model.checkpoint);
    options.budget = runtime::error_budget(!config.calibration.file.empty(),
                                           sensitivity_of(config, model.checkpoint));
    return options;
}

void print_plan(std::ostream& out, const runtime::Config& config, const runtime::Plan& plan) {
    std::vector<std::vector<std::string>> rows = {{"  scheme", "devices", "streams", "bits up",
                                                   "bits down", "compute", "air", "token",
                                                   "KL, nats", "not valid"}};
    for (std::size_t i = 0; i < plan.choices.size(); ++i)
        rows.push_back(row(plan.choices[i], plan.chosen == i));
    out << table(rows) << "\n";
    const std::string limit = " expected to lose at most " +
                              number("%g", config.accuracy.max_loss_nats) + " nats a token";
    if (plan.chosen) {
        const runtime::PlanChoice& best = plan.choices[*plan.chosen];
        out << "The fastest that is" << limit << ": " << best.config.scheme << " over "
            << best.devices << (best.devices == 1 ? " device, " : " devices, ")
            << duration(best.cost.total_s()) << " a token.\n";
    } else {
        out << "No way is" << limit << ".\n";
    }
    out << "Times are simulated, losses estimated; " << number("%g", config.radio.snr_db)
        << " dB, seed " << config.seed << ".\n";
}

void choose_scheme(runtime::Config& config, const runtime::Model& model) {
    if (config.scheme != runtime::automatic_scheme) return;
    const runtime::Plan plan =
        make_plan(config, model.checkpoint.config(), plan_options(config, model));
    print_plan(std::cerr, config, plan);
    if (!plan.chosen) {
        throw std::runtime_error("scheme: auto finds no way that keeps accuracy.max_loss_nats, " +
                                 number("%g", config.accuracy.max_loss_nats));
    }
    take_over(plan.choices[*plan.chosen], config);
}

}  // namespace aircomp::app
