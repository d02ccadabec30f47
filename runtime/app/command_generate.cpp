// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp generate: continues a prompt, every all-reduce over the chosen scheme.
#include <chrono>
#include <iostream>

#include "commands.hpp"
#include "experiment_options.hpp"
#include "generation.hpp"

namespace aircomp::app {
namespace {

void run(const GenerationOptions& options) {
    auto config = options.config();
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    const auto& tokenizer = *model.tokenizer;
    auto prompt = options.turn.encode(model, options.prompt);
    runtime::require_context(config, model, {prompt.size(), "--prompt"}, options.tokens,
                             "--tokens");
    runtime::Simulation simulation(config, model.checkpoint, &tokenizer);
    simulation.model().reserve(static_cast<std::int64_t>(prompt.size()) + options.tokens);
    auto sampling = options.sampling;
    sampling.seed = config.seed;
    inference::Sampler sampler(sampling);

    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    out << options.shown_prompt() << std::flush;
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t prompt_size = prompt.size();
    std::optional<double> first_token_s;
    const auto next_logits = [&, next = simulation.next_logits()](
                                 gsl::span<const inference::Token> fresh, std::int64_t position) {
        auto logits = next(fresh, position);
        if (!first_token_s) first_token_s = simulation.elapsed_s();
        return logits;
    };
    const auto tokens =
        inference::continue_text(next_logits, sampler, std::move(prompt),
                                 options.continuation(model), TextStream(tokenizer, out));
    const double wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    out << "\n" << std::flush;

    const auto cost = simulation.cost();
    const auto made = static_cast<double>(tokens.size() - prompt_size);
    std::cerr << "\n";
    print_cost(std::cerr, simulation);
    if (first_token_s) {
        std::cerr << "first token after " << duration(*first_token_s) << ", simulated ("
                  << prompt_size << " tokens of the prompt)\n";
    }
    Json result = describe(simulation.config());
    result["text"] = tokenizer.decode_text(tokens);
    if (options.turn.chat) {
        const auto answer = gsl::span<const inference::Token>(tokens).subspan(prompt_size);
        result["answer"] = tokenizer.decode_text(answer);
    }
    result["tokens"] = tokens;
    result["new_tokens"] = static_cast<std::int64_t>(made);
    result["nmse"] = simulation.model().nmse();
    result["time_per_token"] = app::to_json(cost);
    result["first_token_s"] = first_token_s ? Json(*first_token_s) : Json(nullptr);
    result["software_tokens_per_s"] = made / wall_s;
    write_json(result, options.json);
}

}  // namespace

void add_generate(CLI::App& program) {
    auto options = std::make_shared<GenerationOptions>();
    CLI::App* command = program.add_subcommand("generate", "Continue a prompt over the air");
    options->add_to(*command);
    command->footer(
        "Examples:\n"
        "  aircomp generate --config configs/loopback-symbol.yaml --prompt \"The server\"\n"
        "  aircomp generate --model DIR --devices 4 --scheme mmse --snr-db 20 --prompt \"Once\" "
        "--tokens 64 --temperature 0.8\n"
        "  aircomp generate --model DIR --chat --system \"Be brief.\" --prompt \"What is a "
        "radio?\"");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
