// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp assign: which share of the model each device of a testbed should hold.
#include <iostream>
#include <numeric>

#include "aircomp/inference/slice_cost.hpp"
#include "commands.hpp"
#include "engine/assignment.hpp"
#include "experiment_options.hpp"
#include "model_option.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct AssignOptions : ExperimentOptions {
    std::string plot;
    optimizer::AssignmentOptions assignment;
};

Json to_json(const optimizer::Estimate& estimate) {
    return {{"mean", estimate.mean}, {"standard_error", estimate.standard_error}};
}

/// What the shares are compared with: everybody the same, and in proportion to computing speed,
/// both as near as the limits allow.
struct Alternatives {
    optimizer::Estimate equal, by_speed;
};

Alternatives alternatives(const optimizer::AssignmentProblem& problem,
                          const optimizer::AssignmentOptions& options) {
    std::vector<double> equal(problem.devices.size(),
                              1 / static_cast<double>(problem.devices.size()));
    std::vector<double> speeds;
    for (const auto& device : problem.devices)
        speeds.push_back(device.flops_per_s);
    const double sum = std::accumulate(speeds.begin(), speeds.end(), 0.0);
    for (double& speed : speeds)
        speed /= sum;
    const auto nmse = [&](const std::vector<double>& shares) {
        return optimizer::expected_nmse(problem, nearest_feasible(problem, shares),
                                        options.channels, options.seed + 1);
    };
    return {nmse(equal), nmse(speeds)};
}

Json to_json(const optimizer::AssignmentProblem& problem, const optimizer::Assignment& assignment,
             const optimizer::IntegralAssignment& units) {
    Json devices = Json::array();
    for (std::size_t n = 0; n < problem.devices.size(); ++n) {
        const auto limit = problem.share_limit(n);
        devices.push_back({{"name", problem.devices[n].name},
                           {"share", assignment.shares[n]},
                           {"largest_share", limit.least()},
                           {"limited_by", limit.least() < 1 ? Json(limit.name()) : Json(nullptr)},
                           {"power_w", assignment.power_w[n]},
                           {"energy_j_per_token", assignment.energy_j[n]},
                           {"heads", units.kv_groups[n]},
                           {"ffn_columns", units.ffn_columns[n]}});
    }
    Json trace = Json::array();
    for (const auto& step : assignment.trace) {
        trace.push_back(
            {{"nmse", step.nmse}, {"stationarity", step.stationarity}, {"shares", step.shares}});
    }
    return {{"shares", assignment.shares},
            {"nmse", to_json(assignment.nmse)},
            {"converged", assignment.converged},
            {"units", {{"nmse", units.nmse}, {"rounded_nmse", units.rounded_nmse}}},
            {"devices", devices},
            {"trace", trace}};
}

std::string device_table(const Json& result) {
    std::vector<std::vector<std::string>> rows = {{"device", "share", "at most", "limited by",
                                                   "heads", "FFN columns", "power left",
                                                   "energy a token"}};
    for (const Json& device : result["devices"]) {
        const Json& limit = device["limited_by"];
        rows.push_back({device["name"].get<std::string>(),
                        number("%.4f", device["share"].get<double>()),
                        number("%.4f", device["largest_share"].get<double>()),
                        limit.is_null() ? "-" : limit.get<std::string>(),
                        std::to_string(device["heads"].get<std::int64_t>()),
                        std::to_string(device["ffn_columns"].get<std::int64_t>()),
                        number("%.3g mW", 1e3 * device["power_w"].get<double>()),
                        number("%.3g mJ", 1e3 * device["energy_j_per_token"].get<double>())});
    }
    return table(rows);
}

void run(AssignOptions& options) {
    const auto config = options.config();
    const Model model = open_model(config, /*needs_tokenizer=*/false);
    const auto& dimensions = model.checkpoint.config();
    const double bytes_per_weight = inference::bytes_per_weight(model.checkpoint, config.compute);
    const auto problem = runtime::assignment_problem(config, dimensions, bytes_per_weight);
    options.assignment.seed = config.seed;
    options.assignment.progress = progress_bar("assign");
    const auto assignment = optimizer::assign_shares(problem, options.assignment);
    if (options.assignment.progress) options.assignment.progress(1, 1);
    const auto units = optimizer::refine_to_units(
        problem, assignment.shares, runtime::layer_units(config, dimensions, bytes_per_weight));
    const auto [equal, by_speed] = alternatives(problem, options.assignment);
    Json result = to_json(problem, assignment, units);
    result["alternatives"] = {{"equal", to_json(equal)}, {"by_speed", to_json(by_speed)}};
    result["seed"] = config.seed;
    result["snr_db"] = config.radio.snr_db;

    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    const auto nmse = [](const optimizer::Estimate& estimate) {
        return number("%.4g", estimate.mean) + number(" +- %.1g", estimate.standard_error);
    };
    out << device_table(result) << "\nexpected NMSE " << nmse(assignment.nmse) << "; equal shares "
        << nmse(equal) << ", by computing speed " << nmse(by_speed) << ", whole units "
        << number("%.4g", units.nmse) << "\n"
        << (assignment.converged ? "converged" : "not converged") << " after "
        << assignment.trace.size() << " steps, first-order gain left "
        << number("%.2g", assignment.trace.back().stationarity) << " of the NMSE; seed "
        << config.seed << ", " << number("%g", config.radio.snr_db) << " dB\n";
    write_json(result, options.json);
    if (!options.json.empty() && options.json != "-") out << "JSON: " << options.json << "\n";
    if (options.plot.empty()) return;
    draw("assign.py", options.json, options.plot);
    out << "plot: " << options.plot << "\n";
}

}  // namespace

void add_assign(CLI::App& program) {
    auto options = std::make_shared<AssignOptions>();
    CLI::App* command = program.add_subcommand(
        "assign", "Choose the devices' shares of a model for their channels, power and memory");
    command->add_option("config", options->config_file, "YAML configuration; see configs/")
        ->transform(shipped_file())
        ->required();
    add_model_option(*command, options->model_folder, "; in place of the configuration's");
    command->add_option("--snr-db", options->snr_db,
                        "Largest device power over receiver noise, dB");
    command->add_option("--seed", options->seed, "Seed of path gains and channels");
    command
        ->add_option("--steps", options->assignment.max_iterations,
                     "Largest number of steps of the search")
        ->check(above_zero())
        ->capture_default_str();
    command
        ->add_option("--tolerance", options->assignment.tolerance,
                     "Stop when no change of the shares is expected to lower the NMSE by more than "
                     "this part of it")
        ->check(above_zero())
        ->capture_default_str();
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->add_option("--plot", options->plot, "Draw shares and convergence as a PNG file");
    command->footer(
        "Examples:\n"
        "  aircomp assign configs/batteries.yaml\n"
        "  aircomp assign configs/batteries.yaml --json out/assign.json --plot out/assign.png");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
