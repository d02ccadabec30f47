// SPDX-License-Identifier: GPL-3.0-or-later
// The calibration that the program makes of a model by itself, once, from texts that it carries.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "config/config.hpp"
#include "engine/calibrate.hpp"

namespace aircomp::runtime {

/// Prose, code and chat, in the public domain or the project's own: the files of calibration_text/.
const std::vector<std::string>& calibration_texts();

/// Where the program keeps calibrations, in the user's cache.
std::filesystem::path calibrations_folder();

/// The file there that such a calibration of the model has, made or not: its name tells
/// the model and the texts.
std::filesystem::path default_calibration_file(const inference::Checkpoint& checkpoint);

/// `options` as the model wants them: windows that its context holds, its BOS.
CalibrateOptions calibrate_options(const inference::Checkpoint& checkpoint,
                                   const inference::Tokenizer& tokenizer, int threads,
                                   CalibrateOptions options = {});

/// Makes that file where it is not there; some minutes for 135 million parameters. Returns it. Throws
/// std::runtime_error where it cannot be written.
std::filesystem::path ensure_default_calibration(const inference::Checkpoint& checkpoint,
                                                 const inference::Tokenizer& tokenizer,
                                                 const CalibrateOptions& options);

/// Where the configuration has calibration.file `auto`, makes it that file, which is made where it is
/// not there. Throws std::invalid_argument without a tokenizer, null, and as above.
void settle_calibration_file(Config& config, const inference::Checkpoint& checkpoint,
                             const inference::Tokenizer* tokenizer);

}  // namespace aircomp::runtime
