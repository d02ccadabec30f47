// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp serve: an OpenAI-compatible endpoint, every all-reduce over the chosen scheme.
#include "commands.hpp"
#include "daemon/text_server.hpp"
#include "experiment_options.hpp"
#include "generation.hpp"
#include "open_files.hpp"
#include "serving_options.hpp"

namespace aircomp::app {
namespace {

struct ServeOptions : ExperimentOptions {
    ServingOptions serving;
    runtime::testbed::TextServerOptions server;
};

void run(ServeOptions options) {
    allow_many_files();
    auto config = options.config();
    options.server.front = options.serving.whole_front();
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    runtime::Simulation simulation(config, model.checkpoint, model.tokenizer.get());
    runtime::testbed::serve_texts(simulation, model.checkpoint.config(),
                                  options.serving.model(config, model), options.server);
    Json result = describe(simulation.config());
    result["tokens"] = simulation.model().tokens();
    result["nmse"] = simulation.model().nmse();
    result["time_per_token"] = app::to_json(simulation.cost());
    write_json(result, options.json);
}

}  // namespace

void add_serve(CLI::App& program) {
    auto options = std::make_shared<ServeOptions>();
    options->serving.front().most_at_once = 8;
    CLI::App* command = program.add_subcommand(
        "serve", "Serve OpenAI's protocol and a page for the browser, over the air");
    options->ExperimentOptions::add_to(*command);
    command
        ->add_option("--listen", options->serving.front().listen,
                     "HOST:PORT for clients; port 0: a free one")
        ->capture_default_str();
    options->serving.add_to(*command);
    command->add_option("--port-file", options->server.port_file,
                        "File for the address, written when the program listens");
    add_log(*command, options->server.log);
    command->footer(
        "Ctrl-C ends it. Examples:\n"
        "  aircomp serve --config configs/loopback-symbol.yaml\n"
        "  aircomp serve --model smollm2 --devices 4 --scheme mmse --listen 127.0.0.1:8080\n"
        "  aircomp serve --model smollm2 --listen 0.0.0.0:8080 --token-file token.txt");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
