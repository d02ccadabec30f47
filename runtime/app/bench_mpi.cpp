// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp bench mpi: the wired engine over several processes against one process that holds all.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "aircomp/inference/random_model.hpp"
#include "commands.hpp"
#include "engine/layout.hpp"
#include "engine/mpi_model.hpp"
#include "engine/sliced_model.hpp"
#include "experiment_options.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct MpiBenchOptions {
    int tokens = 20;
    std::int64_t layers = 22;
    int threads = 1;
    int digital_bits = 0;
    std::filesystem::path folder = std::filesystem::temp_directory_path() / "aircomp-bench-mpi";
    std::string json;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// One process that holds the whole model, with as many threads as all devices together.
class Reference {
public:
    Reference(const inference::Checkpoint& checkpoint, const runtime::Config& config)
        : model_(checkpoint, alone(config, checkpoint), config),
          medium_(runtime::make_medium(config, checkpoint.config().hidden_size, {1.0}, {})) {}

    double token_s(inference::Token token, std::int64_t position) {
        const auto begin = Clock::now();
        model_.forward({&token, 1}, position, *medium_);
        return seconds_since(begin);
    }

    static runtime::Config config(int threads, std::int64_t context) {
        auto one = runtime::default_config(1);
        one.scheme = runtime::unsplit_scheme().name;
        one.threads = threads;
        one.model.context = context;
        return one;
    }

private:
    static std::vector<inference::Slice> alone(const runtime::Config& config,
                                               const inference::Checkpoint& checkpoint) {
        return runtime::lay_out(config, checkpoint.config(), 4).slices;
    }

    runtime::SlicedModel model_;
    std::unique_ptr<runtime::Medium> medium_;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void report(const MpiBenchOptions& options, int devices, const std::vector<double>& alone_s,
            const std::vector<double>& wired_s, const runtime::MpiUsage& usage) {
    std::vector<double> ratios;
    for (std::size_t t = 0; t < alone_s.size(); ++t)
        ratios.push_back(alone_s[t] / wired_s[t]);
    const auto tokens = static_cast<double>(wired_s.size());
    const double alone = 1 / median(alone_s), wired = 1 / median(wired_s);
    std::cerr << table(
                     {{"processes", "threads each", "tokens/s", "ratio"},
                      {"1", std::to_string(devices * options.threads), number("%.2f", alone), "1"},
                      {std::to_string(devices), std::to_string(options.threads),
                       number("%.2f", wired), number("%.3f", median(ratios))}})
              << "all-reduce, waiting for the slowest included: "
              << duration(usage.all_reduce_s / static_cast<double>(usage.all_reduces)) << " each, "
              << number("%.0f", static_cast<double>(usage.sent_bytes) / tokens)
              << " bytes sent a token and device\n";
    write_json({{"mpi",
                 {{"devices", devices},
                  {"threads_per_device", options.threads},
                  {"one_process_tokens_per_s", alone},
                  {"tokens_per_s", wired},
                  {"over_one_process", median(ratios)},
                  {"all_reduce_s", usage.all_reduce_s / static_cast<double>(usage.all_reduces)},
                  {"sent_bytes_per_token", static_cast<double>(usage.sent_bytes) / tokens}}}},
               options.json);
}

runtime::Config wired_config(const MpiBenchOptions& options, int devices) {
    auto config = runtime::default_config(devices);
    for (auto& device : config.devices)
        device.memory_bytes = 1e12;
    config.scheme = runtime::wired_scheme(/*quantises=*/options.digital_bits > 0).name;
    if (options.digital_bits > 0) config.digital.bits = options.digital_bits;
    config.threads = options.threads;
    config.model.context = options.tokens;
    return config;
}

void measure(const MpiBenchOptions& options, int devices, const inference::Checkpoint& checkpoint,
             runtime::MpiModel& model) {
    Reference reference(checkpoint, Reference::config(devices * options.threads, options.tokens));
    std::vector<double> alone_s, wired_s;
    for (int t = 0; t < options.tokens; ++t) {
        const inference::Token token = 1 + t;
        alone_s.push_back(reference.token_s(token, t));
        const auto begin = Clock::now();
        model.forward({&token, 1}, t);
        wired_s.push_back(seconds_since(begin));
    }
    report(options, devices, alone_s, wired_s, model.stop());
    std::filesystem::remove_all(options.folder);
}

void run(const MpiBenchOptions& options) {
    const runtime::MpiJob job;
    const int devices = job.size() - 1;
    std::optional<inference::Checkpoint> checkpoint;
    std::unique_ptr<runtime::MpiModel> model;
    // Rank 0 writes the model; all ranks then map the same file, so that a host holds it once.
    const bool written = job.prepare([&] {
        if (devices < 1) {
            throw std::invalid_argument("bench mpi: expected mpirun -n 2 or more");
        }
        auto dimensions = inference::tinyllama_dimensions();
        dimensions.layers = options.layers;
        if (job.rank() == 0) inference::write_random_model(options.folder, dimensions);
    });
    if (!written) return;
    const bool ready = job.prepare([&] {
        checkpoint.emplace(options.folder);
        model =
            std::make_unique<runtime::MpiModel>(job, *checkpoint, wired_config(options, devices));
    });
    if (!ready) return;
    job.work([&] {
        if (job.rank() == 0)
            measure(options, devices, *checkpoint, *model);
        else
            model->serve();
    });
}

}  // namespace

void add_bench_mpi(CLI::App& bench) {
    auto options = std::make_shared<MpiBenchOptions>();
    CLI::App* command = bench.add_subcommand(
        "mpi", "Compare the speed of N devices under mpirun -n N+1 with that of one process");
    command->add_option("--tokens", options->tokens, "Tokens to decode")
        ->check(between(1, 2000))
        ->capture_default_str();
    command->add_option("--layers", options->layers, "Decoder layers; 22 make 1.1 billion weights")
        ->check(above_zero())
        ->capture_default_str();
    command->add_option("--threads", options->threads, "Threads of each device")
        ->check(above_zero())
        ->capture_default_str();
    command
        ->add_option("--digital-bits", options->digital_bits,
                     "Bits a value of the partials, 2 to 16; 0: float32")
        ->check(between(0, 16))
        ->capture_default_str();
    command
        ->add_option("--folder", options->folder,
                     "Folder for a random model in float32, the same for all ranks")
        ->capture_default_str();
    command->add_option("--json", options->json, "Write the result to FILE, - for standard output");
    command->footer("Example:\n  mpirun -n 3 aircomp bench mpi --tokens 20");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
