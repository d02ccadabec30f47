// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp record and aircomp replay: the rounds of a testbed in files, and the sums of these files.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "commands.hpp"
#include "engine/recorded_light.hpp"
#include "first_light_json.hpp"
#include "output.hpp"
#include "vector_options.hpp"

namespace aircomp::app {
namespace {

constexpr auto ending = ".sigmf-collection";

struct RecordOptions {
    VectorOptions vectors;
    std::string output, json;
};

struct ReplayOptions {
    std::string file, json;
};

std::string nmse_text(double nmse) {
    return number("%.2f", 10 * std::log10(nmse)) + " dB";
}

/// `name` without the ending that a recording's own file has.
std::filesystem::path base_of(std::string name) {
    const std::string end = ending;
    if (name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0)
        name.resize(name.size() - end.size());
    return name;
}

void record(RecordOptions options) {
    const auto config = options.vectors.read();
    const auto base = base_of(options.output);
    if (base.has_parent_path()) std::filesystem::create_directories(base.parent_path());
    const auto report = runtime::record_first_light(config, options.vectors.first_light, base);
    std::cerr << report.rounds.size() << " sums over the air, NMSE " << nmse_text(report.nmse)
              << " in all; recorded in " << base.string() << ending << "\n";
    write_json(first_light_json(report), options.json);
}

void replay(const ReplayOptions& options) {
    const auto sums = runtime::replay_first_light(base_of(options.file));
    Json rounds = Json::array();
    for (const auto& sum : sums) {
        std::cerr << "round " << sum.replayed.number << "  NMSE " << nmse_text(sum.replayed.nmse)
                  << "  recorded " << nmse_text(sum.recorded.nmse)
                  << (sum.equal ? "  the same sum\n" : "  another sum\n");
        rounds.push_back({{"number", sum.replayed.number},
                          {"nmse", sum.replayed.nmse},
                          {"recorded_nmse", sum.recorded.nmse},
                          {"equal", sum.equal}});
    }
    const auto equal =
        std::count_if(sums.begin(), sums.end(), [](const auto& sum) { return sum.equal; });
    std::cerr << equal << " of " << sums.size() << " sums are the recorded ones, bit by bit\n";
    write_json({{"equal", equal}, {"rounds", rounds}}, options.json);
    if (equal != static_cast<std::ptrdiff_t>(sums.size())) throw CLI::RuntimeError(1);
}

}  // namespace

void add_record(CLI::App& program) {
    auto options = std::make_shared<RecordOptions>();
    CLI::App* command = program.add_subcommand(
        "record", "Sum random vectors over radios, and record what every radio receives");
    options->vectors.add_to(*command);
    command
        ->add_option("--output", options->output,
                     "The recording, *.sigmf-collection; its data and metadata stand beside it")
        ->required();
    command->add_option("--json", options->json,
                        "Write the sums' report as JSON to FILE, - for standard output");
    command->footer(
        "Example:\n"
        "  aircomp record configs/virtual-radio.yaml --rounds 5 --output out/run.sigmf-collection");
    command->callback([options] { record(*options); });
}

void add_replay(CLI::App& program) {
    auto options = std::make_shared<ReplayOptions>();
    CLI::App* command = program.add_subcommand(
        "replay", "Compute the sums of a recording, and compare them with the recorded ones");
    command->add_option("recording", options->file, "What aircomp record wrote, *.sigmf-collection")
        ->required();
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->footer(
        "The exit status is 1 where a sum is another one.\n\n"
        "Example:\n"
        "  aircomp replay out/run.sigmf-collection");
    command->callback([options] { replay(*options); });
}

}  // namespace aircomp::app
