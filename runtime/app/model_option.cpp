// SPDX-License-Identifier: GPL-3.0-or-later
// Names to paths, where the command line is read.
#include "model_option.hpp"

#include <stdexcept>

#include "aircomp/inference/local_models.hpp"
#include "files/places.hpp"

namespace aircomp::app {

CLI::Validator local_model() {
    return CLI::Validator(
        [](std::string& name) {
            try {
                name = inference::find_model(runtime::here_or_shipped(name)).string();
                return std::string();
            } catch (const std::runtime_error& error) {
                return std::string(error.what());
            }
        },
        "");
}

CLI::Validator shipped_file() {
    return CLI::Validator(
        [](std::string& name) {
            name = runtime::here_or_shipped(name).string();
            return std::string();
        },
        "");
}

CLI::Option* add_model_option(CLI::App& command, std::string& model, const std::string& whose) {
    return command
        .add_option("--model", model,
                    "A model's folder or GGUF file, or a name of the local caches (smollm2, "
                    "org/name)" +
                        whose)
        ->transform(local_model());
}

}  // namespace aircomp::app
