// SPDX-License-Identifier: GPL-3.0-or-later
// What a model folder's config.json says of the architecture; the first thing read of a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/site.hpp"

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
    /// Rotary embeddings turn elements 2i and 2i + 1 of a head together, as GGUF lays out the rows
    /// of Llama's q and k; otherwise i and i + head_dim / 2, as Hugging Face does.
    bool rope_adjacent_pairs = false;
    bool tied_embeddings = false;
    bool qkv_bias = false;  ///< Qwen2: q, k and v projections carry a bias.
    std::optional<std::int32_t> bos_token;
    std::vector<std::int32_t> eos_tokens;

    std::int64_t heads_per_group() const { return heads / kv_heads; }

    /// What the sums of every layer follow, in order.
    gsl::span<const SiteKind> sites_of_layer() const;
    std::int64_t sites_per_layer() const {
        return static_cast<std::int64_t>(sites_of_layer().size());
    }

    /// Sums of one token's way through the model.
    std::int64_t sites() const { return layers * sites_per_layer(); }

    /// The one of that index, and the one of that layer and kind. Both throw std::out_of_range
    /// where the model has none.
    Site site(std::int64_t index) const;
    Site site(std::int64_t layer, SiteKind kind) const;
};

/// Reads `config.json`. Throws std::runtime_error naming file, key, what was expected and found;
/// an architecture or an option that is not implemented is refused by its name.
ModelConfig read_model_config(const std::filesystem::path& file);

}  // namespace aircomp::inference
