// SPDX-License-Identifier: GPL-3.0-or-later
// What a model folder's config.json says of the architecture; the first thing read of a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace aircomp::inference {

/// Frequency scaling of Llama 3.1 and later (`rope_type: llama3`).
struct RopeScaling {
    double factor;
    double low_frequency_factor;
    double high_frequency_factor;
    std::int64_t original_context;
};

/// A decoder-only transformer of the Llama family: Llama 2 and 3, Mistral, Qwen2.
struct ModelConfig {
    std::string architecture;  ///< As in config.json, e.g. `LlamaForCausalLM`.
    std::int64_t vocabulary_size = 0;
    std::int64_t hidden_size = 0;  ///< D: the length of one partial.
    std::int64_t ffn_size = 0;     ///< Columns of the MLP between up and down projection.
    std::int64_t layers = 0;       ///< Q
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;  ///< KV groups: a K/V head with heads / kv_heads query heads.
    std::int64_t head_dim = 0;  ///< Of its own, not always hidden_size / heads.
    std::int64_t context = 0;   ///< Longest sequence, in tokens.
    double rms_norm_epsilon = 0;
    double rope_theta = 0;
    std::optional<RopeScaling> rope_scaling;
    bool tied_embeddings = false;
    bool qkv_bias = false;  ///< Qwen2: q, k and v projections carry a bias.
    std::optional<std::int32_t> bos_token;
    std::vector<std::int32_t> eos_tokens;

    std::int64_t heads_per_group() const { return heads / kv_heads; }
};

/// Reads `config.json`. Throws std::runtime_error naming file, key, what was expected and found;
/// an architecture or an option that is not implemented is refused by its name.
ModelConfig read_model_config(const std::filesystem::path& file);

}  // namespace aircomp::inference
