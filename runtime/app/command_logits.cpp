// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp logits: the last position's logits of given tokens, to check against other software.
#include <algorithm>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "commands.hpp"
#include "experiment_options.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

void run(const ExperimentOptions& options, const std::vector<inference::Token>& tokens) {
    auto config = options.config();
    if (options.config_file.empty() && !options.scheme)
        config.scheme = runtime::wired_scheme().name;
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/false);
    const std::int64_t vocabulary = model.checkpoint.config().vocabulary_size;
    for (const inference::Token token : tokens) {
        if (token >= 0 && token < vocabulary) continue;
        throw std::invalid_argument("--tokens: expected ids of 0 to " +
                                    std::to_string(vocabulary - 1) + ", found " +
                                    std::to_string(token));
    }
    runtime::Simulation simulation(config, model.checkpoint, model.tokenizer.get());
    simulation.model().reserve(std::max<std::int64_t>(1, static_cast<std::int64_t>(tokens.size())));
    const auto logits = simulation.model().forward(tokens, 0, simulation.medium());
    std::vector<std::size_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const std::size_t shown = std::min<std::size_t>(5, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown),
                      order.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
    for (std::size_t i = 0; i < shown; ++i) {
        std::cerr << "token " << order[i] << "  logit " << number("%.6g", logits[order[i]]) << "\n";
    }
    write_json({{"logits", logits}}, options.json);
}

}  // namespace

void add_logits(CLI::App& program) {
    auto options = std::make_shared<ExperimentOptions>();
    auto tokens = std::make_shared<std::vector<inference::Token>>();
    CLI::App* command = program.add_subcommand("logits", "Print the logits that follow tokens");
    options->add_to(*command);
    command->add_option("--tokens", *tokens, "Token ids, e.g. 1,15043,3186")
        ->delimiter(',')
        ->required();
    command->footer(
        "Needs no tokenizer files. Without --config the scheme is exact.\nExample:\n"
        "  aircomp logits --model DIR --tokens 1,15043,3186 --json -");
    command->callback([options, tokens] { run(*options, *tokens); });
}

}  // namespace aircomp::app
