// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp bench: decoding speed against memory bandwidth, and what a simulated medium adds to it.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "aircomp/inference/compute.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "commands.hpp"
#include "engine/decode_benchmark.hpp"
#include "experiment_options.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct BenchOptions {
    int tokens = 20;
    int threads = inference::thread_count();
    std::int64_t layers = 22;
    std::string torch;  ///< The device of libtorch; empty: none.
    std::string json;
};

inference::Checkpoint random_tinyllama(const BenchOptions& options, inference::DataType type) {
    auto dimensions = inference::tinyllama_dimensions();
    dimensions.layers = options.layers;
    inference::RandomModelOptions random;
    random.type = type;
    return inference::random_model(dimensions, random);
}

/// What libtorch has to be timed with beside weights of that type; nothing where that was not asked
/// for, or, with a word about it, where it is not possible.
std::optional<inference::Compute> torch_of(const BenchOptions& options,
                                           inference::ComputeType type) {
    if (options.torch.empty()) return std::nullopt;
    const inference::Compute torch{inference::ComputeBackend::torch, options.torch, type};
    try {
        inference::require_compute(torch);
    } catch (const std::runtime_error& error) {
        if (type == inference::ComputeType::float32) throw;
        std::cerr << "torch is left out: " << error.what() << "\n";
        return std::nullopt;
    }
    return torch;
}

void bench_decode(const BenchOptions& options) {
    using inference::ComputeType;
    using inference::DataType;
    Json results = Json::array();
    std::vector<std::vector<std::string>> rows = {
        {"weights", "tokens/s", "GB a token", "bandwidth GB/s", "fraction"}};
    if (!options.torch.empty())
        rows.front().insert(rows.front().end(), {"torch tokens/s", "torch / kernels"});
    for (const auto& [name, type, torch_type] :
         {std::tuple{"float32", DataType::f32, ComputeType::float32},
          std::tuple{"bfloat16", DataType::bf16, ComputeType::bfloat16}}) {
        const auto torch = torch_of(options, torch_type);
        const auto checkpoint = random_tinyllama(options, type);
        const auto speed =
            runtime::measure_decode_speed(checkpoint, options.threads, options.tokens, torch);
        rows.push_back({name, number("%.2f", speed.tokens_per_s),
                        number("%.2f", speed.weight_bytes_per_token / 1e9),
                        number("%.1f", speed.read_bytes_per_s / 1e9),
                        number("%.0f%%", 100 * speed.bandwidth_fraction)});
        results.push_back({{"weights", name},
                           {"tokens_per_s", speed.tokens_per_s},
                           {"weight_bytes_per_token", speed.weight_bytes_per_token},
                           {"read_bytes_per_s", speed.read_bytes_per_s},
                           {"bandwidth_fraction", speed.bandwidth_fraction}});
        if (options.torch.empty()) continue;
        rows.back().push_back(torch ? number("%.2f", speed.torch_tokens_per_s) : "-");
        rows.back().push_back(torch ? number("%.2f", speed.torch_over_kernels) : "-");
        if (!torch) continue;
        results.back()["torch"] = {{"device", torch->device},
                                   {"tokens_per_s", speed.torch_tokens_per_s},
                                   {"over_kernels", speed.torch_over_kernels}};
    }
    std::cerr << table(rows);
    write_json({{"decode", results}}, options.json);
}

/// Wall time of one decoded token.
double token_time_s(runtime::Simulation& simulation, std::int64_t position) {
    const inference::Token token[] = {1};
    const auto begin = std::chrono::steady_clock::now();
    simulation.model().forward(token, position, simulation.medium());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void bench_media(const BenchOptions& options) {
    const auto checkpoint = random_tinyllama(options, inference::DataType::bf16);
    auto config = runtime::default_config(4);
    config.threads = options.threads;
    config.model.context = options.tokens + 1;
    runtime::Simulation symbol(config, checkpoint, nullptr);
    config.scheme = runtime::wired_scheme().name;
    runtime::Simulation exact(config, checkpoint, nullptr);
    std::vector<double> exact_s, symbol_s, ratios;
    for (int t = 0; t < options.tokens; ++t) {
        exact_s.push_back(token_time_s(exact, t));
        symbol_s.push_back(token_time_s(symbol, t));
        ratios.push_back(symbol_s.back() / exact_s.back());
    }
    std::cerr << table(
        {{"medium", "ms/token", "ratio"},
         {"exact", number("%.1f", 1e3 * median(exact_s)), "1"},
         {"symbol", number("%.1f", 1e3 * median(symbol_s)), number("%.3f", median(ratios))}});
    write_json({{"media",
                 {{"exact_s", median(exact_s)},
                  {"symbol_s", median(symbol_s)},
                  {"symbol_over_exact", median(ratios)}}}},
               options.json);
}

}  // namespace

void add_bench(CLI::App& program) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command = program.add_subcommand("bench", "Measure speed on this machine");
    command->require_subcommand(1);
    const auto add = [&](const char* name, const char* text, void (*measure)(const BenchOptions&)) {
        CLI::App* bench = command->add_subcommand(name, text);
        bench->add_option("--tokens", options->tokens, "Tokens to decode")
            ->check(between(1, 2000))
            ->capture_default_str();
        bench->add_option("--threads", options->threads, "Threads")
            ->check(above_zero())
            ->capture_default_str();
        bench
            ->add_option("--layers", options->layers, "Decoder layers; 22 make 1.1 billion weights")
            ->check(above_zero())
            ->capture_default_str();
        bench->add_option("--json", options->json,
                          "Write the result to FILE, - for standard output");
        bench->callback([options, measure] { measure(*options); });
        return bench;
    };
    add("decode", "Tokens per second as a fraction of memory bandwidth, one device", bench_decode)
        ->add_option(
            "--torch", options->torch,
            "Also time libtorch on this device, cpu or cuda:N, token by token in turn with "
            "the kernels; takes memory for the weights a second time");
    add("media", "Time with the medium symbol over time with exact sums, four devices",
        bench_media);
    add_bench_control(*command);
#ifdef AIRCOMP_WITH_MPI
    add_bench_mpi(*command);
#endif
    command->footer(
        "Examples:\n  aircomp bench decode --tokens 20 --torch cpu\n  aircomp bench media --json "
        "-\n  aircomp "
        "bench control");
}

}  // namespace aircomp::app
