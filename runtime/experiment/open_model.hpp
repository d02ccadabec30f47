// SPDX-License-Identifier: GPL-3.0-or-later
// Models and texts from disk, as measurements take them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "config/config.hpp"

namespace aircomp::runtime {

/// A model folder opened: weights, and the tokenizer where it is needed.
struct Model {
    inference::Checkpoint checkpoint;
    std::unique_ptr<inference::Tokenizer> tokenizer;
};

/// Lets `model.folder` of the configuration file be a name of the local caches, as
/// inference::find_model() has them: where there is no folder of that name beside the file, it
/// becomes the model of that name, if there is one. Called once what the command line says is in
/// `config`.
void look_into_caches(Config& config, const std::filesystem::path& file);

/// That of the configuration. Throws std::invalid_argument where it names none, or one that is not
/// there.
Model open_model(const Config& config, bool needs_tokenizer);

/// All of a file. Throws std::runtime_error where it cannot be read or is empty.
std::string read_text(const std::string& file);

}  // namespace aircomp::runtime
