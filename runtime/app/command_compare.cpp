// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp compare: one text, one testbed, several schemes, one table.
#include <iostream>

#include "commands.hpp"
#include "config/registry.hpp"
#include "evaluation_options.hpp"
#include "experiment/comparison.hpp"
#include "experiment_options.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct CompareOptions : ExperimentOptions {
    std::vector<std::string> schemes = runtime::compared_schemes();
    std::string plot;
    runtime::EvaluationOptions evaluation;
};

/// "0.0123 +- 0.0004", or as much of it as there is.
std::string divergence_cell(const Json& result) {
    const Json& error = result["kl_standard_error_nats"];
    const std::string mean = number("%.3g", result["kl_nats"].get<double>());
    return error.is_number() ? mean + " +- " + number("%.1g", error.get<double>()) : mean;
}

std::vector<std::string> row(const Json& result) {
    const Json& time = result["time_per_token"];
    const auto seconds = [&](const char* key) { return duration(time[key].get<double>()); };
    std::vector<std::string> cells = {
        result["label"].get<std::string>(),
        number("%.3g", result["nmse"].get<double>()),
        number("%.4g", result["perplexity"].get<double>()),
        number("%.4f", result["bits_per_byte"].get<double>()),
        seconds("compute_s"),
        seconds("uplink_s"),
        seconds("downlink_s"),
        seconds("sounding_s"),
        seconds("control_s"),
        seconds("frame_s"),
        seconds("total_s"),
        number("%.3g mJ", 1e3 * time["total_energy_j"].get<double>())};
    if (result.contains("kl_nats")) cells.insert(cells.begin() + 4, divergence_cell(result));
    return cells;
}

void run(const CompareOptions& options) {
    auto config = options.config();
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    const Json results =
        runtime::compare(config, model, runtime::tokens_of(options.evaluation.text_file, model),
                         options.schemes, options.evaluation);
    std::vector<std::vector<std::string>> rows = {{"scheme", "NMSE", "perplexity", "bits/byte",
                                                   "compute", "uplink", "downlink", "sounding",
                                                   "control", "frames", "total", "energy"}};
    if (options.evaluation.reference) rows[0].insert(rows[0].begin() + 4, "KL, nats");
    for (const Json& result : results)
        rows.push_back(row(result));
    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    out << table(rows)
        << "\nTimes and energies are simulated, a token each, N = " << config.devices.size()
        << " devices, " << number("%g", config.radio.snr_db) << " dB, seed " << config.seed
        << ".\n";
    write_json({{"text", options.evaluation.text_file}, {"schemes", results}}, options.json);
    if (!options.json.empty() && options.json != "-") out << "JSON: " << options.json << "\n";
    if (options.plot.empty()) return;
    draw("compare.py", options.json, options.plot);
    out << "plot: " << options.plot << "\n";
}

}  // namespace

void add_compare(CLI::App& program) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App* command = program.add_subcommand("compare", "Compare schemes on one text");
    options->add_to(*command);
    options->evaluation.progress = progress_bar;
    add_evaluation(*command, options->evaluation);
    command->add_flag(
        "--reference", options->evaluation.reference,
        "Also run the model on one device and give KL divergence and top-1 agreement with it");
    command->add_option("--schemes", options->schemes, "Which schemes, e.g. exact,digital,mmse")
        ->delimiter(',')
        ->check(one_of(runtime::name_list(runtime::schemes())))
        ->capture_default_str();
    command->add_option("--plot", options->plot, "Draw the table as a PNG, SVG or PDF file");
    command->footer(
        "Example:\n  aircomp compare --config configs/loopback-symbol.yaml "
        "--text inference/models/demo/evaluation.txt --json out/compare.json --plot "
        "out/compare.png");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
