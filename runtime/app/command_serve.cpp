// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp serve: an OpenAI-compatible endpoint, every all-reduce over the chosen scheme.
#include <filesystem>

#include "commands.hpp"
#include "daemon/text_server.hpp"
#include "engine/layout.hpp"
#include "experiment_options.hpp"
#include "generation.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct ServeOptions : ExperimentOptions {
    std::string name;
    std::string token_file;
    std::int64_t tokens = 512;
    runtime::testbed::TextServerOptions server;
};

/// What clients call the model where nothing else is said: its folder's name, or its file's.
std::string name_of(const std::filesystem::path& model) {
    const auto path = std::filesystem::absolute(model).lexically_normal();
    const auto last = path.has_filename() ? path : path.parent_path();
    return (std::filesystem::is_directory(last) ? last.filename() : last.stem()).string();
}

runtime::serve::ServedModel served(const ServeOptions& options, const runtime::Config& config,
                                   const Model& model) {
    runtime::serve::ServedModel served;
    served.name = options.name.empty() ? name_of(config.model.folder) : options.name;
    served.tokenizer = model.tokenizer.get();
    served.chat_template = inference::read_chat_template(model.checkpoint.folder());
    ChatOptions turn;
    served.stop_tokens = turn.stop_tokens(model);
    turn.chat = served.chat_template.has_value();
    served.chat_stop_tokens = turn.stop_tokens(model);
    served.context = runtime::context_of(config, model.checkpoint.config());
    served.chat_tokens = options.tokens;
    served.seed = config.seed;
    return served;
}

void run(ServeOptions options) {
    auto config = options.config();
    if (!options.token_file.empty())
        options.server.front.token = runtime::control::read_token(options.token_file);
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    runtime::Simulation simulation(config, model.checkpoint, model.tokenizer.get());
    runtime::testbed::serve_texts(simulation, model.checkpoint.config(),
                                  served(options, config, model), options.server);
    Json result = describe(simulation.config());
    result["tokens"] = simulation.model().tokens();
    result["nmse"] = simulation.model().nmse();
    result["time_per_token"] = app::to_json(simulation.cost());
    write_json(result, options.json);
}

}  // namespace

void add_serve(CLI::App& program) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* command = program.add_subcommand(
        "serve", "Answer OpenAI's clients and a page in the browser, over the air");
    options->ExperimentOptions::add_to(*command);
    auto& server = options->server;
    command
        ->add_option("--listen", server.front.listen, "HOST:PORT for clients; port 0: a free one")
        ->capture_default_str();
    command->add_option("--token-file", options->token_file,
                        "File whose first line clients have to send as Bearer token; needed for "
                        "addresses that other machines reach");
    command->add_option("--name", options->name,
                        "What clients call the model; its folder's or file's name where not given");
    command
        ->add_option("--tokens", options->tokens,
                     "How many tokens an answer of a chat has at most, where its request does "
                     "not say")
        ->check(above_zero())
        ->capture_default_str();
    command
        ->add_option("--queue", server.front.most_waiting,
                     "How many requests may wait while one is answered")
        ->check(between(0, 1000))
        ->capture_default_str();
    command->add_option("--port-file", server.port_file,
                        "Gets the address that is listened on, once it is");
    add_log(*command, server.log);
    command->footer(
        "Ctrl-C ends it. Examples:\n"
        "  aircomp serve --config configs/loopback-symbol.yaml\n"
        "  aircomp serve --model smollm2 --devices 4 --scheme mmse --listen 127.0.0.1:8080\n"
        "  aircomp serve --model smollm2 --listen 0.0.0.0:8080 --token-file token.txt");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
