// SPDX-License-Identifier: GPL-3.0-or-later
// Writes model folders that Checkpoint and other Llama software read: for training and tests.
#pragma once

#include <filesystem>
#include <gsl/span>
#include <map>
#include <string>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// Writes `model.safetensors` and `config.json` into `folder`, which is made where it is missing.
/// Each file appears whole or not at all (written under a temporary name, then renamed), the
/// configuration last. Throws std::invalid_argument for a tensor whose bytes are not its shape's
/// or whose name comes twice, std::runtime_error, naming the file, where writing fails.
void write_checkpoint(const std::filesystem::path& folder, const ModelConfig& config,
                      gsl::span<const TensorView> tensors);

/// The safetensors file alone, with what is said of it in the header.
void write_safetensors(const std::filesystem::path& file, gsl::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

}  // namespace aircomp::inference
