// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp mpi: continues a prompt over the ranks of an MPI job, the wired engine that the air is
// compared with.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "engine/default_calibration.hpp"
#include "engine/model_coding.hpp"
#include "engine/mpi_model.hpp"
#include "files/sha256.hpp"
#include "generation.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

struct Generated {
    std::vector<inference::Token> tokens;  ///< Prompt and continuation.
    std::size_t made = 0;
    double wall_s = 0;
};

Generated generate(const GenerationOptions& options, const Model& model, runtime::MpiModel& wired) {
    const auto& tokenizer = *model.tokenizer;
    auto sampling = options.sampling;
    sampling.seed = wired.config().seed;
    inference::Sampler sampler(sampling);
    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    TextStream stream(tokenizer, out);
    Generated result;
    auto prompt = options.turn.encode(model, options.prompt);
    const std::size_t prompt_size = prompt.size();
    out << options.shown_prompt() << std::flush;
    const auto begin = std::chrono::steady_clock::now();
    result.tokens = inference::continue_text(
        [&](gsl::span<const inference::Token> fresh, std::int64_t position) {
            return wired.forward(fresh, position);
        },
        sampler, std::move(prompt), options.continuation(model), stream);
    result.made = result.tokens.size() - prompt_size;
    result.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    out << "\n" << std::flush;
    return result;
}

void report(const GenerationOptions& options, const Model& model, const runtime::Config& config,
            const Generated& generated, const runtime::MpiUsage& usage) {
    const auto sums = static_cast<double>(std::max<std::int64_t>(1, usage.all_reduces));
    const double tokens_per_s = static_cast<double>(generated.made) / generated.wall_s;
    std::cerr << "\n"
              << config.scheme << " over " << config.devices.size()
              << " ranks and a coordinator: " << number("%.3g", tokens_per_s) << " tokens/s, "
              << usage.all_reduces << " all-reduces of " << duration(usage.all_reduce_s / sums)
              << ", " << number("%.0f", static_cast<double>(usage.sent_bytes) / sums)
              << " bytes each from a device\n";
    Json result = describe(config);
    result["medium"] = "mpi";
    result["text"] = model.tokenizer->decode_text(generated.tokens);
    result["tokens"] = generated.tokens;
    result["new_tokens"] = generated.made;
    result["software_tokens_per_s"] = tokens_per_s;
    result["all_reduces"] = usage.all_reduces;
    result["all_reduce_s"] = usage.all_reduce_s / sums;
    result["sent_bytes_per_all_reduce"] = static_cast<double>(usage.sent_bytes) / sums;
    write_json(result, options.json);
}

/// The configuration as ranks run it, and the model; the calibration is made by rank 0 alone.
Model open(const GenerationOptions& options, const runtime::MpiJob& job, runtime::Config& config) {
    config = options.config();
    // The air's default makes no sense on a wire.
    if (options.config_file.empty() && !options.scheme)
        config.scheme = runtime::wired_scheme().name;
    Model model = open_model(config, /*needs_tokenizer=*/true);
    const std::size_t prompt = options.turn.encode(model, options.prompt).size();
    runtime::require_context(config, model, {prompt, "--prompt"}, options.tokens, "--tokens");
    if (!runtime::uses_calibration(config)) return model;
    if (job.rank() == 0) ensure_calibration(config, model);
    if (config.calibration.file == runtime::automatic_calibration)
        config.calibration.file = runtime::default_calibration_file(model.checkpoint);
    return model;
}

void run(const GenerationOptions& options) {
    const runtime::MpiJob job;
    runtime::Config config;
    std::optional<Model> model;
    std::string calibration;  // SHA-256 of rank 0's
    const bool is_open = job.prepare([&] {
        model = open(options, job, config);
        if (job.rank() == 0 && runtime::uses_calibration(config))
            calibration = runtime::to_hex(runtime::sha256_of_file(config.calibration.file));
    });
    if (!is_open) return;
    calibration = job.of_coordinator(calibration);
    std::unique_ptr<runtime::MpiModel> wired;
    const bool ready = job.prepare([&] {
        runtime::require_calibration(config, job.rank(), calibration);
        wired = std::make_unique<runtime::MpiModel>(job, model->checkpoint, config);
    });
    if (!ready) return;
    job.work([&] {
        if (job.rank() != 0) {
            wired->serve();
            return;
        }
        const auto generated = generate(options, *model, *wired);
        report(options, *model, wired->config(), generated, wired->stop());
    });
}

}  // namespace

void add_mpi(CLI::App& program) {
    auto options = std::make_shared<GenerationOptions>();
    CLI::App* command = program.add_subcommand(
        "mpi", "Continue a prompt over the ranks of an MPI job: a coordinator and N devices");
    options->add_to(*command);
    command->footer(
        "Schemes: exact, float32 through MPI's all-reduce; digital, codes of --digital-bits bits,\n"
        "with --calibration of what the model's calibration leaves of partials. Every rank reads "
        "its\n"
        "own copy of the file.\n"
        "With more ranks than cores on a host mpirun wants --oversubscribe, as root "
        "--allow-run-as-root.\n"
        "Examples:\n"
        "  mpirun -n 5 aircomp mpi --model inference/models/demo --prompt \"The server\"\n"
        "  mpirun -n 3 --host a,b,c aircomp mpi --model DIR --devices 2 --scheme digital "
        "--digital-bits 8 --prompt \"Once\"");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
