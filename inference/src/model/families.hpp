// SPDX-License-Identifier: GPL-3.0-or-later
// The table of model families: what their layers look like, what their tensors are called, and what
// their configurations leave out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "model/config_keys.hpp"

namespace aircomp::inference {

/// How q, k and v lie in one tensor: not at all; all queries, all keys, all values; or for each KV
/// group its queries, its key and its value.
enum class JoinedRows { none, blocks, groups };

/// Names of tensors without `.weight` and `.bias`; those of a layer follow `layers` and its number.
/// A name that a family has no tensor for is null.
struct TensorNames {
    const char* embedding = "model.embed_tokens";
    const char* final_norm = "model.norm";
    const char* head = "lm_head";
    const char* layers = "model.layers.";
    const char* attention_norm = "input_layernorm";
    const char* query = "self_attn.q_proj";
    const char* key = "self_attn.k_proj";
    const char* value = "self_attn.v_proj";
    const char* joined = nullptr;  ///< Of q, k and v.
    JoinedRows joined_rows = JoinedRows::none;
    const char* query_norm = "self_attn.q_norm";
    const char* key_norm = "self_attn.k_norm";
    const char* output = "self_attn.o_proj";
    const char* attention_sum_norm = nullptr;
    const char* mlp_norm = "post_attention_layernorm";
    const char* gate = "mlp.gate_proj";
    const char* up = "mlp.up_proj";
    const char* gate_and_up = nullptr;  ///< Rows of the gate, then those of up.
    const char* down = "mlp.down_proj";
    const char* mlp_sum_norm = nullptr;

    // Norms of parallel layers that have one for each half, where they are called otherwise.
    const char* parallel_attention_norm = nullptr;
    const char* parallel_mlp_norm = nullptr;

    // Of layers with experts; `experts` is followed by a number and the names of an expert's
    // tensors, `shared` by the usual names of an MLP's.
    const char* router = "mlp.gate";
    const char* experts = "mlp.experts.";
    const char* expert_gate = "gate_proj";
    const char* expert_up = "up_proj";
    const char* expert_down = "down_proj";
    const char* shared = "mlp.shared_expert.";
    const char* shared_gate = "mlp.shared_expert_gate";
};

/// Which layers' attention is local, where a configuration does not list it.
enum class LocalLayers {
    never,
    all,          ///< Where `sliding_window` is given.
    on_request,   ///< Where `use_sliding_window` is true, from `max_window_layers` on.
    by_interval,  ///< All but each n-th, n being `sliding_window_pattern`.
};

struct Family;

/// Reads some keys into a model.
using ReadOptions = void (*)(ConfigKeys& config, const Family& family, ModelConfig& model);

/// One line of the table.
struct Family {
    std::string architecture;
    std::string model_type;  ///< The name of it that other software reads.
    LayerDesign design;
    TensorNames names;
    bool qkv_bias = false;
    bool rope_adjacent_pairs = false;

    // What a configuration may leave out has these values.
    std::int64_t head_dim = 0;  ///< 0: hidden_size / heads.
    std::int64_t context = 0;   ///< 0: it has to be given.
    double rope_theta = 10000;
    double local_rope_theta = 0;  ///< Of local layers, where they have one of their own.
    double rotated_part = 1;
    bool tied_embeddings = false;
    LocalLayers local = LocalLayers::never;
    std::int64_t window_interval = 0;  ///< by_interval
    std::int64_t window = 0;
    double query_scalar = 0;  ///< Scores are scaled by its -1/2th power.
    double attention_soft_cap = 0;
    double logit_soft_cap = 0;
    double logit_scale = 1;
    std::int64_t still_interval = 0;  ///< Each n-th layer has no rotary embeddings.

    // Names of keys that differ between families.
    const char* epsilon_key = "rms_norm_eps";
    const char* activation_key = "hidden_act";
    const char* ffn_key = "intermediate_size";
    std::int64_t ffn_multiple = 0;  ///< Of hidden_size, where the key may be missing.
    const char* kv_heads_key = "num_key_value_heads";
    bool needs_kv_heads = false;  ///< Otherwise one for each query head where they are not given.
    const char* theta_key = "rope_theta";
    const char* rotated_part_key = "partial_rotary_factor";
    bool rotates_in_part = false;       ///< Whether that may be other than 1.
    std::vector<ReadOptions> options;   ///< What else its configurations say.
    std::vector<std::string> harmless;  ///< Keys without influence, beside all families'.
};

/// All of them, sorted by architecture.
const std::vector<Family>& families();

/// The family of that architecture, null where it is not known.
const Family* find_family(const std::string& architecture);

/// The same; throws std::invalid_argument with the list where it is not known.
const Family& family_of(const std::string& architecture);

}  // namespace aircomp::inference
