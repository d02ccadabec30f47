// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp perplexity: how well the model predicts a text when its sums go over the chosen scheme.
#include <iostream>

#include "commands.hpp"
#include "evaluation_options.hpp"
#include "experiment_options.hpp"
#include "model_option.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct PerplexityOptions : ExperimentOptions {
    runtime::EvaluationOptions evaluation;
    bool no_reference = false;
};

/// What the run lost against the clean one, as a line.
std::string divergence(const Json& result) {
    std::string line = "KL divergence from the exact sum " +
                       number("%.4g", result["kl_nats"].get<double>()) + " nats a token";
    const Json& error = result["kl_standard_error_nats"];
    if (error.is_number()) line += ", standard error " + number("%.2g", error.get<double>());
    return line + "; the same best token for " +
           number("%.2f", 100 * result["top1_agreement"].get<double>()) + " % of tokens\n";
}

void run(const PerplexityOptions& options) {
    auto config = options.config();
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    auto evaluation = options.evaluation;
    if (!options.no_reference && !runtime::find_scheme(config.scheme).exact)
        evaluation.reference = true;
    const Json result = runtime::evaluate(config, model, evaluation);
    std::cerr << config.scheme << ": perplexity "
              << number("%.4f", result["perplexity"].get<double>()) << ", "
              << number("%.4f", result["bits_per_byte"].get<double>()) << " bits per byte over "
              << result["tokens"] << " tokens, NMSE "
              << number("%.4g", result["nmse"].get<double>()) << "\n";
    if (evaluation.reference) std::cerr << divergence(result);
    write_json(result, options.json);
}

}  // namespace

void add_evaluation(CLI::App& command, runtime::EvaluationOptions& options) {
    command.add_option("--text", options.text_file, "Text to predict, UTF-8")
        ->required()
        ->transform(shipped_file());
    command
        .add_option("--protocol", options.protocol,
                    "How the text is cut and which tokens are scored")
        ->transform(meaning(inference::protocols()))
        ->default_str("windows");
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
    auto options = std::make_shared<PerplexityOptions>();
    runtime::EvaluationOptions& evaluation = options->evaluation;
    CLI::App* command = program.add_subcommand("perplexity", "Measure perplexity on a text");
    options->add_to(*command);
    evaluation.progress = progress_bar;
    add_evaluation(*command, evaluation);
    CLI::Option* reference =
        command->add_flag("--reference", evaluation.reference,
                          "Also run the model on one device: KL divergence and top-1 agreement. "
                          "Without this option, only for schemes that are not exact");
    command
        ->add_flag("--no-reference", options->no_reference,
                   "Never run the model on one device: half the time")
        ->excludes(reference);
    command->add_flag("--sites", evaluation.sites, "Also give the NMSE of every layer and site");
    command->footer(
        "Windows do not overlap. Protocol windows: every token but BOS is predicted from those "
        "before it in its window. gptq: BOS once, whole windows, all tokens but a window's first. "
        "llama.cpp: whole windows, BOS in place of their first token, the second half.\nExamples:\n"
        "  aircomp perplexity --config configs/loopback-symbol.yaml --text FILE --scheme mmse\n"
        "  aircomp perplexity --model DIR --text FILE --scheme exact --shares 0.4,0.3,0.2,0.1 "
        "--json -\n"
        "  aircomp perplexity --model DIR --text wiki.test.raw --protocol llama.cpp --context 512 "
        "--scheme centralized");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
