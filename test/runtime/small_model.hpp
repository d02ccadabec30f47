// SPDX-License-Identifier: GPL-3.0-or-later
// Dimensions small enough that a test runs whole models of them, with several devices' KV groups.
#pragma once

#include "aircomp/inference/random_model.hpp"

namespace aircomp::runtime {

inline inference::ModelConfig small_model() {
    inference::ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 96;
    config.hidden_size = 64;
    config.ffn_size = 160;
    config.layers = 3;
    config.heads = 8;
    config.kv_heads = 4;
    config.head_dim = 8;
    config.context = 32;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    config.bos_token = 0;
    return config;
}

/// One of those dimensions, with massive activations and outlier channels.
inline const inference::Checkpoint& small_checkpoint() {
    static const inference::Checkpoint model = [] {
        inference::RandomModelOptions options;
        options.massive_activation = 50;
        options.outlier_factor = 10;
        return inference::random_model(small_model(), options);
    }();
    return model;
}

}  // namespace aircomp::runtime
