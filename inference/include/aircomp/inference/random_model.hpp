// SPDX-License-Identifier: GPL-3.0-or-later
// Models of random weights, for tests and benchmarks: any dimensions, no download.
#pragma once

#include <cstdint>
#include <filesystem>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// Random weights lack what trained ones are known for (arXiv 2402.17762): a few activations far
/// above all others. They can be injected; both need a hidden_size of at least 16.
struct RandomModelOptions {
    DataType type = DataType::f32;
    std::uint64_t seed = 1;

    /// Massive activations: where above 0, the first layer's MLP answers the BOS token (token 0
    /// where the model has none) with about so many times the typical value, in two channels.
    double massive_activation = 0;

    /// Outlier channels: partials of every token and layer are so many times larger in three fixed
    /// channels; norms take them back.
    double outlier_factor = 1;
};

/// The model in memory, on huge pages. Weights are uniform and scaled so that activations stay near
/// 1; the same configuration and options give the same bytes whatever the number of threads. Throws
/// std::invalid_argument for an architecture other than Llama, Mistral and Qwen2.
Checkpoint random_model(const ModelConfig& config, const RandomModelOptions& options = {});

/// The same model as a folder (see write_checkpoint()); there is no tokenizer in it.
void write_random_model(const std::filesystem::path& folder, const ModelConfig& config,
                        const RandomModelOptions& options = {});

/// The dimensions of TinyLlama: 1.1 billion parameters.
ModelConfig tinyllama_dimensions();

}  // namespace aircomp::inference
