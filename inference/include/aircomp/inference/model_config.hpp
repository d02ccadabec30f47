// SPDX-License-Identifier: GPL-3.0-or-later
// A model's architecture as data: its sizes, and how its family builds a layer. What a model
// folder's config.json says of it is the first thing read of a model.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/site.hpp"

namespace aircomp::inference {

enum class RopeType { linear, llama3, yarn, longrope };

/// How frequencies of rotary embeddings are changed for contexts longer than those of training.
/// (`dynamic` changes them only beyond max_position_embeddings, where no sequence gets here.)
struct RopeScaling {
    double factor = 1;
    double low_frequency_factor = 1;    ///< llama3
    double high_frequency_factor = 4;   ///< llama3
    std::int64_t original_context = 0;  ///< llama3, yarn, longrope
    RopeType type = RopeType::llama3;
    double beta_fast = 32;                   ///< yarn: turns in the original context
    double beta_slow = 1;                    ///< yarn
    bool truncate = true;                    ///< yarn: bounds are whole pairs
    double attention_factor = 1;             ///< Of cosines and sines; yarn, longrope
    std::vector<double> short_factors = {};  ///< longrope: divisors of the frequencies, up to the
    std::vector<double> long_factors = {};   ///< original context and where more is used
};

/// Rotary embeddings of one kind of layers.
struct Rope {
    double theta = 10000;
    std::optional<RopeScaling> scaling;
};

enum class NormKind { rms, layer };
enum class Activation { silu, gelu, gelu_tanh };
/// Of queries and keys before they are turned: none, each head alone, or all heads together.
enum class QkNorm { none, head, whole };

/// How a family builds a layer (the table is families.cpp); options of a configuration are in it
/// as well.
struct LayerDesign {
    NormKind norm = NormKind::rms;
    bool norm_bias = false;
    bool norm_offset = false;  ///< Norms' weights are stored less 1 (Gemma).
    bool norm_before = true;   ///< Of what attention and MLP read.
    bool norm_after = false;   ///< Of what they add up to, before it enters the stream.
    bool parallel = false;     ///< Attention and MLP read the same stream: one site a layer.
    bool one_norm = false;     ///< Parallel: and through the same norm.
    QkNorm qk_norm = QkNorm::none;
    Activation activation = Activation::silu;
    bool gated = true;         ///< down(act(gate) * up), otherwise down(act(up)).
    bool output_bias = false;  ///< Of the attention's output projection.
    bool mlp_bias = false;
    bool head_bias = false;                 ///< Of the output head.
    bool local_layers_rotate_only = false;  ///< Global layers know no positions (Cohere 2).
};

/// A mixture of experts in the place of the MLP: a router, which every device has, chooses some for
/// each token. Each is cut like an MLP of ffn_size columns.
struct Experts {
    std::int64_t count = 0;          ///< 0: there is one MLP, and nothing of this.
    std::int64_t chosen = 0;         ///< For a token.
    bool normalised = false;         ///< Whether the weights of those add up to 1.
    std::int64_t shared_size = 0;    ///< Columns of an expert for all tokens; 0: there is none.
    std::int64_t dense_size = 0;     ///< Columns of the MLP of layers without experts.
    std::vector<bool> dense_layers;  ///< Which they are; shorter: the others are not.
};

enum class QuantisationMethod { gptq, awq, compressed_tensors, fp8 };

/// How the matrices of a folder are quantised: what `quantization_config` says and the tensors do not.
struct Quantisation {
    QuantisationMethod method = QuantisationMethod::gptq;
    std::int64_t group_size = 0;  ///< GPTQ, AWQ: columns that share a scale; 0: all of a row.
    bool zeros_less_one = false;  ///< GPTQ's first format stores zeros less one.
    std::array<std::int64_t, 2> block = {0,
                                         0};  ///< Rows and columns that share a scale; 0: none do.
};

/// A decoder-only transformer.
struct ModelConfig {
    std::string architecture;  ///< As in config.json, e.g. `LlamaForCausalLM`.
    std::int64_t vocabulary_size = 0;
    std::int64_t hidden_size = 0;  ///< D: the length of one partial.
    std::int64_t ffn_size = 0;     ///< Columns of the MLP between up and down projection.
    std::int64_t layers = 0;       ///< Q
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;    ///< KV groups: a K/V head with heads / kv_heads query heads.
    std::int64_t head_dim = 0;    ///< Of its own, not always hidden_size / heads.
    std::int64_t context = 0;     ///< Longest sequence, in tokens.
    double rms_norm_epsilon = 0;  ///< Of layer norms as well.
    double rope_theta = 0;
    std::optional<RopeScaling> rope_scaling;
    /// Of layers whose attention is local, where it is another.
    std::optional<Rope> local_rope;
    /// Rotary embeddings turn elements 2i and 2i + 1 of a head together, as GGUF lays out the rows
    /// of Llama's q and k; otherwise i and i + rotated / 2, as Hugging Face does.
    bool rope_adjacent_pairs = false;
    std::int64_t rotated_elements = 0;  ///< The first ones of a head; 0: all.
    bool tied_embeddings = false;
    bool qkv_bias = false;  ///< Qwen2: q, k and v projections carry a bias.
    std::optional<std::int32_t> bos_token;
    std::vector<std::int32_t> eos_tokens;

    LayerDesign design;
    Experts experts;
    std::int64_t sliding_window = 0;  ///< Positions that local attention sees, its own included.
    std::vector<bool> local_layers;   ///< Whose attention is local; shorter: the others' is not.
    std::vector<bool> still_layers;   ///< Without rotary embeddings; as above.
    double attention_scale = 0;       ///< Of scores; 0: 1 / sqrt(head_dim).
    double attention_soft_cap = 0;    ///< c tanh(score / c); 0: none.
    double logit_soft_cap = 0;        ///< The same of logits, after their scale.
    double embedding_scale = 1;
    double residual_scale = 1;  ///< Of every partial.
    double logit_scale = 1;
    std::optional<Quantisation> quantisation;

    std::int64_t heads_per_group() const { return heads / kv_heads; }
    bool is_local(std::int64_t layer) const;
    bool rotates(std::int64_t layer) const;
    bool has_experts(std::int64_t layer) const;

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

/// Names of the architectures that are known, as in config.json, sorted.
std::vector<std::string> known_architectures();

/// How the layers of that architecture are built, before a configuration's options. Throws
/// std::invalid_argument for one that is not known.
LayerDesign design_of(const std::string& architecture);

/// Reads `config.json`. Throws std::runtime_error naming file, key, what was expected and found;
/// an architecture or an option that is not implemented is refused by its name, and so is a key
/// that this program does not know.
ModelConfig read_model_config(const std::filesystem::path& file);

}  // namespace aircomp::inference
