// SPDX-License-Identifier: GPL-3.0-or-later
// Names to paths: the option --model, and files that come with the program.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace aircomp::app {

/// Adds the option; `model` becomes the path of what was named, see inference::find_model().
CLI::Option* add_model_option(CLI::App& command, std::string& model, const std::string& whose);

/// What lets a file be one of the program's own, see runtime::here_or_shipped(); for
/// CLI::Option::transform().
CLI::Validator shipped_file();

/// What takes the name of a model and leaves its path; for CLI::Option::transform().
CLI::Validator local_model();

}  // namespace aircomp::app
