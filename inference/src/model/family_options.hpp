// SPDX-License-Identifier: GPL-3.0-or-later
// Readers of the keys that some families' configurations have and others' have not.
#pragma once

#include "model/families.hpp"

namespace aircomp::inference {

/// `attention_bias`: of q, k, v and output projections.
void read_attention_bias(ConfigKeys& config, const Family& family, ModelConfig& model);

/// `mlp_bias`: of gate, up and down projections.
void read_mlp_bias(ConfigKeys& config, const Family& family, ModelConfig& model);

/// The scale of scores, soft caps, and `hidden_activation`; embeddings are scaled by sqrt(D).
void read_gemma_options(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Granite's scales of embeddings, scores, partials and logits.
void read_multipliers(ConfigKeys& config, const Family& family, ModelConfig& model);

/// SmolLM3's layers without rotary embeddings.
void read_still_layers(ConfigKeys& config, const Family& family, ModelConfig& model);

/// GPT-NeoX: whether attention and MLP read the same stream.
void read_parallel_residual(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Falcon's biases, and its three generations.
void read_falcon_options(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Phi's `qk_layernorm` is not implemented.
void refuse_phi_head_norms(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Cohere's scale of logits; its `use_qk_norm` is not implemented.
void read_cohere_options(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Experts under the names that the families have for them.
void read_mixtral_experts(ConfigKeys& config, const Family& family, ModelConfig& model);
void read_qwen_experts(ConfigKeys& config, const Family& family, ModelConfig& model);
void read_olmoe_experts(ConfigKeys& config, const Family& family, ModelConfig& model);

/// Qwen2-MoE's biases and shared expert.
void read_qwen2_moe_options(ConfigKeys& config, const Family& family, ModelConfig& model);

/// The activation that a key names. Fails for one that is not implemented.
Activation activation_of(const JsonNode& name);

}  // namespace aircomp::inference
