// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp perplexity: how well the model predicts a text when its sums go over the chosen scheme.
#include <algorithm>
#include <chrono>
#include <iostream>

#include "commands.hpp"
#include "engine/layout.hpp"
#include "evaluation.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

constexpr std::int64_t default_window = 256;

std::vector<std::int64_t> token_lengths(const inference::Tokenizer& tokenizer,
                                        std::int64_t vocabulary) {
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(vocabulary), 0);
    for (inference::Token t = 0; t < tokenizer.size(); ++t) {
        lengths[static_cast<std::size_t>(t)] =
            static_cast<std::int64_t>(tokenizer.decode(t).size());
    }
    return lengths;
}

std::int64_t window_of(const EvaluationOptions& options, const runtime::Config& config,
                       const Model& model) {
    const std::int64_t context = runtime::context_of(config, model.checkpoint.config());
    if (options.context == 0) return std::min(default_window, context);
    if (options.context > context) {
        throw std::invalid_argument("--context: expected at most " + std::to_string(context) +
                                    ", the model's, found " + std::to_string(options.context));
    }
    return options.context;
}

Json site_nmse(const runtime::SlicedModel& model, const inference::ModelConfig& dimensions) {
    Json sites = Json::array();
    for (std::size_t i = 0; i < model.errors().size(); ++i) {
        const inference::Site site = dimensions.site(static_cast<std::int64_t>(i));
        sites.push_back({{"layer", site.layer},
                         {"site", inference::name_of(site.kind)},
                         {"nmse", model.errors()[i].nmse()}});
    }
    return sites;
}

void run(const ExperimentOptions& options, const EvaluationOptions& evaluation) {
    const auto config = options.config();
    const Model model = open_model(config, /*needs_tokenizer=*/true);
    const Json result = evaluate(config, model, evaluation);
    std::cerr << config.scheme << ": perplexity "
              << number("%.4f", result["perplexity"].get<double>()) << ", "
              << number("%.4f", result["bits_per_byte"].get<double>()) << " bits per byte over "
              << result["tokens"] << " tokens, NMSE "
              << number("%.4g", result["nmse"].get<double>()) << "\n";
    write_json(result, options.json);
}

}  // namespace

void EvaluationOptions::add_to(CLI::App& command) {
    command.add_option("--text", text_file, "Text to predict, UTF-8")->required();
    command.add_option("--context", context, "Window in tokens, at most the model's context")
        ->check(CLI::Range(std::int64_t{2}, std::int64_t{1} << 20))
        ->default_str("256");
    command.add_option("--limit-tokens", limit_tokens, "Score at most so many tokens; 0: all")
        ->check(not_below_zero())
        ->capture_default_str();
}

std::vector<inference::Token> tokens_of(const std::string& text_file, const Model& model) {
    auto tokens = model.tokenizer->encode(read_text(text_file));
    if (tokens.size() < 2) {
        throw std::invalid_argument(text_file + ": expected a text of at least two tokens");
    }
    return tokens;
}

inference::PerplexityResult score(const inference::Forward& forward, const runtime::Config& config,
                                  const Model& model, const std::vector<inference::Token>& tokens,
                                  const EvaluationOptions& options,
                                  const inference::Forward& reference) {
    const std::int64_t vocabulary = model.checkpoint.config().vocabulary_size;
    inference::PerplexityOptions perplexity;
    perplexity.window = window_of(options, config, model);
    perplexity.bos = model.tokenizer->bos();
    perplexity.limit_tokens = options.limit_tokens;
    if (options.progress) perplexity.progress = progress_bar(config.scheme);
    return inference::measure_perplexity(forward, vocabulary, tokens,
                                         token_lengths(*model.tokenizer, vocabulary), perplexity,
                                         reference);
}

Json evaluate(const runtime::Config& config, const Model& model, const EvaluationOptions& options) {
    const auto tokens = tokens_of(options.text_file, model);
    const std::int64_t window = window_of(options, config, model);
    runtime::Simulation simulation(config, model.checkpoint, model.tokenizer.get());
    std::unique_ptr<runtime::Simulation> reference;
    if (options.reference) {
        auto whole = config;
        whole.scheme = runtime::unsplit_scheme().name;
        reference =
            std::make_unique<runtime::Simulation>(whole, model.checkpoint, model.tokenizer.get());
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto measured = score(simulation.forward(), config, model, tokens, options,
                                reference ? reference->forward() : inference::Forward());
    const double wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    Json result = {{"perplexity", measured.perplexity},
                   {"bits_per_byte", measured.bits_per_byte},
                   {"tokens", measured.tokens},
                   {"nmse", simulation.model().nmse()}};
    result.update(describe(simulation.config()));
    result["context_tokens"] = window;
    if (measured.top1_agreement) result["top1_agreement"] = *measured.top1_agreement;
    if (measured.mean_kl_nats) result["mean_kl_nats"] = *measured.mean_kl_nats;
    result["clipped_fraction"] = simulation.clipped_fraction();
    result["repeated_rounds"] =
        static_cast<std::int64_t>(simulation.medium().usage().of(runtime::repeated_rounds));
    result["coherence_blocks"] = simulation.medium().usage().coherence_blocks;
    result["time_per_token"] = to_json(simulation.cost());
    result["software_s"] = wall_s;
    if (options.sites) result["sites"] = site_nmse(simulation.model(), model.checkpoint.config());
    return result;
}

void add_perplexity(CLI::App& program) {
    auto options = std::make_shared<ExperimentOptions>();
    auto evaluation = std::make_shared<EvaluationOptions>();
    CLI::App* command = program.add_subcommand("perplexity", "Measure perplexity on a text");
    options->add_to(*command);
    evaluation->add_to(*command);
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
