// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp perplexity: how well the model predicts a text when its sums go over the chosen scheme.
#include <iostream>

#include "commands.hpp"
#include "evaluation_options.hpp"
#include "experiment_options.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

void run(const ExperimentOptions& options, const runtime::EvaluationOptions& evaluation) {
    const auto config = options.config();
    const Model model = open_model(config, /*needs_tokenizer=*/true);
    const Json result = runtime::evaluate(config, model, evaluation);
    std::cerr << config.scheme << ": perplexity "
              << number("%.4f", result["perplexity"].get<double>()) << ", "
              << number("%.4f", result["bits_per_byte"].get<double>()) << " bits per byte over "
              << result["tokens"] << " tokens, NMSE "
              << number("%.4g", result["nmse"].get<double>()) << "\n";
    write_json(result, options.json);
}

}  // namespace

void add_evaluation(CLI::App& command, runtime::EvaluationOptions& options) {
    command.add_option("--text", options.text_file, "Text to predict, UTF-8")->required();
    command
        .add_option("--context", options.context, "Window in tokens, at most the model's context")
        ->check(between(2, 1 << 20))
        ->default_str("256");
    command
        .add_option("--limit-tokens", options.limit_tokens, "Score at most so many tokens; 0: all")
        ->check(not_below_zero())
        ->capture_default_str();
}

void add_perplexity(CLI::App& program) {
    auto options = std::make_shared<ExperimentOptions>();
    auto evaluation = std::make_shared<runtime::EvaluationOptions>();
    CLI::App* command = program.add_subcommand("perplexity", "Measure perplexity on a text");
    options->add_to(*command);
    evaluation->progress = progress_bar;
    add_evaluation(*command, *evaluation);
    command->add_flag("--reference", evaluation->reference,
                      "Also run the unsplit model: top-1 agreement and KL divergence");
    command->add_flag("--sites", evaluation->sites, "Also give the NMSE of every layer and site");
    command->footer(
        "Windows do not overlap; every token but BOS is predicted from those before it in its "
        "window.\nExamples:\n"
        "  aircomp perplexity --config configs/loopback-symbol.yaml --text FILE --scheme mmse\n"
        "  aircomp perplexity --model DIR --text FILE --scheme exact --shares 0.4,0.3,0.2,0.1 "
        "--json -");
    command->callback([options, evaluation] { run(*options, *evaluation); });
}

}  // namespace aircomp::app
