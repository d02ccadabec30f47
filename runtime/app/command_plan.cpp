// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp plan: which way to run a model in a cell is the fastest, and what the others would take.
#include <iostream>

#include "commands.hpp"
#include "experiment/dimensions.hpp"
#include "experiment_options.hpp"
#include "model_option.hpp"
#include "planning.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct PlanCommand {
    std::string config_file;
    std::string model_folder;
    std::string dimensions;
    std::optional<std::int64_t> devices;
    std::optional<double> snr_db;
    std::optional<std::uint64_t> seed;
    std::optional<double> bytes_per_weight;
    std::optional<double> max_loss_nats;
    std::int64_t position = runtime::PlanOptions().position;
    std::int64_t conversations = 1;
    std::int64_t prompt_tokens = 0;
    std::string json, plot;
};

runtime::Config config_of(const PlanCommand& command) {
    runtime::Config config = command.config_file.empty()
                                 ? runtime::default_config()
                                 : runtime::read_config(command.config_file, runtime::check_scheme);
    if (command.devices)
        runtime::repeat_devices(config, static_cast<std::size_t>(*command.devices));
    if (command.snr_db) config.radio.snr_db = *command.snr_db;
    if (command.seed) config.seed = *command.seed;
    if (command.max_loss_nats) config.accuracy.max_loss_nats = *command.max_loss_nats;
    if (!command.model_folder.empty()) config.model.folder = command.model_folder;
    if (!command.dimensions.empty()) {
        config.model.dimensions = command.dimensions;
        config.model.folder.clear();
    }
    runtime::look_into_caches(config, command.config_file);
    runtime::validate(config, "command line", runtime::check_scheme);
    return config;
}

runtime::Plan plan_of(const runtime::Config& config, const PlanCommand& command) {
    const auto with = [&](runtime::PlanOptions options) {
        options.position = command.position;
        options.conversations = command.conversations;
        options.prompt_tokens = command.prompt_tokens;
        options.bytes_per_weight = command.bytes_per_weight.value_or(options.bytes_per_weight);
        options.progress = progress_bar("plan");
        return options;
    };
    if (config.model.folder.empty() && !config.model.dimensions.empty()) {
        runtime::PlanOptions options;
        options.max_loss_nats = config.accuracy.max_loss_nats;
        options.budget = runtime::error_budget(!config.calibration.file.empty());
        return make_plan(config, runtime::dimensions_of(config.model.dimensions), with(options));
    }
    const Model model = open_model(config, /*needs_tokenizer=*/false);
    return make_plan(config, model.checkpoint.config(), with(runtime::plan_options(config, model)));
}

Json to_json(const runtime::PlanChoice& choice) {
    Json json = {{"kind", choice.kind},
                 {"scheme", choice.config.scheme},
                 {"devices", choice.devices},
                 {"streams", choice.streams},
                 {"by_block", choice.by_block},
                 {"bits_up", choice.bits_up},
                 {"bits_down", choice.bits_down},
                 {"downlink", choice.config.radio.downlink},
                 {"air_s", choice.air_s()},
                 {"compute_s", choice.compute_s()},
                 {"loss", choice.loss_nats},
                 {"nmse", choice.nmse},
                 {"valid", choice.valid()},
                 {"reason", choice.valid() ? Json(nullptr) : Json(choice.reason)}};
    json["time_per_token"] = runtime::to_json(choice.cost);
    json["first_token_s"] = choice.first_token_s > 0 ? Json(choice.first_token_s) : Json(nullptr);
    return json;
}

void run(const PlanCommand& command) {
    const runtime::Config config = config_of(command);
    const runtime::Plan plan = plan_of(config, command);
    std::ostream& out = command.json == "-" ? std::cerr : std::cout;
    print_plan(out, config, plan);
    Json choices = Json::array();
    for (const runtime::PlanChoice& choice : plan.choices)
        choices.push_back(to_json(choice));
    write_json({{"choices", choices},
                {"chosen", plan.chosen ? Json(*plan.chosen) : Json(nullptr)},
                {"conversations", command.conversations},
                {"max_loss_nats", config.accuracy.max_loss_nats},
                {"snr_db", config.radio.snr_db},
                {"seed", config.seed}},
               command.json);
    if (command.plot.empty()) return;
    draw("plan.py", command.json, command.plot);
    out << "plot: " << command.plot << "\n";
}

}  // namespace

void add_plan(CLI::App& program) {
    auto options = std::make_shared<PlanCommand>();
    CLI::App* command =
        program.add_subcommand("plan", "Find the fastest way to run a model in a cell");
    command->add_option("CONFIG", options->config_file, "YAML configuration; see configs/")
        ->transform(shipped_file());
    command->add_option("--config", options->config_file, "The configuration, as an option")
        ->transform(shipped_file());
    add_model_option(*command, options->model_folder, "; in place of the configuration's");
    command->add_option("--dimensions", options->dimensions,
                        "Plan for the dimensions of a well-known model, e.g. llama-2-7b");
    command
        ->add_option("--devices", options->devices,
                     "Largest number of devices: those of the configuration, repeated in turn")
        ->check(between(1, 1024));
    command->add_option("--snr-db", options->snr_db,
                        "Largest device power over receiver noise, dB");
    command
        ->add_option("--max-loss", options->max_loss_nats,
                     "KL divergence that is tolerated, nats a token; in place of "
                     "accuracy.max_loss_nats")
        ->check(above_zero());
    command->add_option("--position", options->position, "Tokens in the KV cache")
        ->check(between(0, 1 << 20))
        ->capture_default_str();
    command
        ->add_option("--conversations", options->conversations,
                     "How many are answered at a time: a token of each goes through the model at "
                     "once, and frame.max_vectors of them share a frame")
        ->check(between(1, 256))
        ->capture_default_str();
    command
        ->add_option("--prompt-tokens", options->prompt_tokens,
                     "Also give the time of the first token after a prompt of this many tokens, of "
                     "which frame.max_vectors share a frame; 0: no")
        ->check(between(0, 1 << 20))
        ->capture_default_str();
    command
        ->add_option("--bytes-per-weight", options->bytes_per_weight,
                     "Bytes of a weight in memory; without it, the model's, or 2 with dimensions")
        ->check(above_zero());
    command->add_option("--seed", options->seed, "Seed of channels and noise");
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->add_option("--plot", options->plot, "Draw the table as a PNG, SVG or PDF file");
    command->footer(
        "Examples:\n"
        "  aircomp plan configs/headline.yaml --devices 8\n"
        "  aircomp plan configs/loopback-symbol.yaml --model smollm2 --max-loss 0.02 --json -");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
