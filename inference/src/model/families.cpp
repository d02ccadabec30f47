// SPDX-License-Identifier: GPL-3.0-or-later
// One function for each family says how it differs from Llama.
#include "model/families.hpp"

#include <algorithm>
#include <stdexcept>

#include "model/family_options.hpp"

namespace aircomp::inference {

namespace {

Family llama(const char* architecture = "LlamaForCausalLM", const char* model_type = "llama") {
    Family family;
    family.architecture = architecture;
    family.model_type = model_type;
    return family;
}

/// Llama whose projections may have biases.
Family llama_with_options() {
    Family family = llama();
    family.options = {read_attention_bias, read_mlp_bias};
    return family;
}

Family mistral() {
    Family family = llama("MistralForCausalLM", "mistral");
    family.needs_kv_heads = true;
    family.local = LocalLayers::all;
    return family;
}

Family qwen2() {
    Family family = llama("Qwen2ForCausalLM", "qwen2");
    family.needs_kv_heads = true;
    family.qkv_bias = true;
    family.local = LocalLayers::on_request;
    return family;
}

Family qwen3() {
    Family family = llama("Qwen3ForCausalLM", "qwen3");
    family.needs_kv_heads = true;
    family.head_dim = 128;
    family.design.qk_norm = QkNorm::head;
    family.local = LocalLayers::on_request;
    family.options = {read_attention_bias};
    return family;
}

/// What Gemma 2 and 3 share.
Family gemma(const char* architecture, const char* model_type) {
    Family family = llama(architecture, model_type);
    family.needs_kv_heads = true;
    family.head_dim = 256;
    family.tied_embeddings = true;
    family.query_scalar = 256;
    family.window = 4096;
    family.local = LocalLayers::by_interval;
    family.design.norm_offset = true;
    family.design.norm_after = true;
    family.design.activation = Activation::gelu_tanh;
    family.names.attention_sum_norm = "post_attention_layernorm";
    family.names.mlp_norm = "pre_feedforward_layernorm";
    family.names.mlp_sum_norm = "post_feedforward_layernorm";
    family.options = {read_attention_bias, read_gemma_options};
    // The activation is what `hidden_activation` says.
    family.harmless = {"hidden_act", "cache_implementation", "_sliding_window_pattern"};
    return family;
}

Family gemma2() {
    Family family = gemma("Gemma2ForCausalLM", "gemma2");
    family.window_interval = 2;
    family.attention_soft_cap = 50;
    family.logit_soft_cap = 30;
    return family;
}

Family gemma3() {
    Family family = gemma("Gemma3ForCausalLM", "gemma3_text");
    family.window_interval = 6;
    family.rope_theta = 1000000;
    family.local_rope_theta = 10000;
    family.design.qk_norm = QkNorm::head;
    return family;
}

Family phi3() {
    Family family = llama("Phi3ForCausalLM", "phi3");
    family.local = LocalLayers::all;
    family.names.joined = "self_attn.qkv_proj";
    family.names.joined_rows = JoinedRows::blocks;
    family.names.gate_and_up = "mlp.gate_up_proj";
    family.rotates_in_part = true;
    // Not read by the model, and false in its configurations.
    family.harmless = {"attention_bias"};
    return family;
}

Family smollm3() {
    Family family = llama("SmolLM3ForCausalLM", "smollm3");
    family.rope_theta = 2000000;
    family.tied_embeddings = true;
    family.still_interval = 4;
    family.local = LocalLayers::on_request;
    family.options = {read_attention_bias, read_mlp_bias, read_still_layers};
    return family;
}

Family olmo2() {
    Family family = llama("Olmo2ForCausalLM", "olmo2");
    family.design.norm_before = false;
    family.design.norm_after = true;
    family.design.qk_norm = QkNorm::whole;
    family.names.attention_sum_norm = "post_attention_layernorm";
    family.names.mlp_sum_norm = "post_feedforward_layernorm";
    family.options = {read_attention_bias};
    return family;
}

Family granite() {
    Family family = llama("GraniteForCausalLM", "granite");
    family.options = {read_attention_bias, read_mlp_bias, read_multipliers};
    return family;
}

/// What models with LayerNorm and parallel halves share.
Family parallel(const char* architecture, const char* model_type) {
    Family family = llama(architecture, model_type);
    family.epsilon_key = "layer_norm_eps";
    family.design.norm = NormKind::layer;
    family.design.norm_bias = true;
    family.design.parallel = true;
    family.design.gated = false;
    family.design.activation = Activation::gelu;
    return family;
}

Family gpt_neox() {
    Family family = parallel("GPTNeoXForCausalLM", "gpt_neox");
    family.qkv_bias = true;
    family.design.output_bias = true;
    family.design.mlp_bias = true;
    family.rotated_part = 0.25;
    family.rotates_in_part = true;
    family.theta_key = "rotary_emb_base";
    family.rotated_part_key = "rotary_pct";
    TensorNames& names = family.names;
    names.embedding = "gpt_neox.embed_in";
    names.final_norm = "gpt_neox.final_layer_norm";
    names.head = "embed_out";
    names.layers = "gpt_neox.layers.";
    names.joined = "attention.query_key_value";
    names.joined_rows = JoinedRows::groups;
    names.output = "attention.dense";
    names.up = "mlp.dense_h_to_4h";
    names.down = "mlp.dense_4h_to_h";
    family.options = {read_attention_bias, read_parallel_residual};
    return family;
}

Family falcon() {
    Family family = parallel("FalconForCausalLM", "falcon");
    family.tied_embeddings = true;
    family.design.one_norm = true;
    family.epsilon_key = "layer_norm_epsilon";
    family.kv_heads_key = "num_kv_heads";
    family.activation_key = "activation";
    family.ffn_key = "ffn_hidden_size";
    family.ffn_multiple = 4;
    family.context = 2048;
    TensorNames& names = family.names;
    names.embedding = "transformer.word_embeddings";
    names.final_norm = "transformer.ln_f";
    names.layers = "transformer.h.";
    names.parallel_attention_norm = "ln_attn";
    names.parallel_mlp_norm = "ln_mlp";
    names.joined = "self_attention.query_key_value";
    names.joined_rows = JoinedRows::groups;
    names.output = "self_attention.dense";
    names.up = "mlp.dense_h_to_4h";
    names.down = "mlp.dense_4h_to_h";
    family.options = {read_falcon_options};
    family.harmless = {"apply_residual_connection_post_layernorm"};
    return family;
}

Family phi() {
    Family family = parallel("PhiForCausalLM", "phi");
    family.qkv_bias = true;
    family.rotated_part = 0.5;
    family.rotates_in_part = true;
    family.design.one_norm = true;
    family.design.output_bias = true;
    family.design.mlp_bias = true;
    family.design.head_bias = true;
    family.design.activation = Activation::gelu_tanh;
    family.names.final_norm = "model.final_layernorm";
    family.names.output = "self_attn.dense";
    family.names.up = "mlp.fc1";
    family.names.down = "mlp.fc2";
    family.options = {refuse_phi_head_norms};
    return family;
}

/// What the two generations of Cohere share.
Family cohere_like(const char* architecture, const char* model_type) {
    Family family = parallel(architecture, model_type);
    family.tied_embeddings = true;
    family.rope_adjacent_pairs = true;
    family.logit_scale = 0.0625;
    family.design.norm_bias = false;
    family.design.one_norm = true;
    family.design.gated = true;
    family.design.activation = Activation::silu;
    family.options = {read_attention_bias, read_cohere_options};
    return family;
}

Family cohere() {
    Family family = cohere_like("CohereForCausalLM", "cohere");
    family.rope_theta = 500000;
    return family;
}

Family cohere2() {
    Family family = cohere_like("Cohere2ForCausalLM", "cohere2");
    family.local = LocalLayers::by_interval;
    family.window_interval = 4;
    family.window = 4096;
    family.design.local_layers_rotate_only = true;
    // What they say is so in every model of the family.
    family.harmless = {"cache_implementation",    "order_of_interleaved_layers",
                       "position_embedding_type", "rotary_pct",
                       "use_embedding_sharing",   "use_gated_activation",
                       "use_parallel_block",      "use_parallel_embedding"};
    return family;
}

Family mixtral() {
    Family family = llama("MixtralForCausalLM", "mixtral");
    family.needs_kv_heads = true;
    family.local = LocalLayers::all;
    family.names.router = "block_sparse_moe.gate";
    family.names.experts = "block_sparse_moe.experts.";
    family.names.expert_gate = "w1";
    family.names.expert_up = "w3";
    family.names.expert_down = "w2";
    family.options = {read_mixtral_experts};
    return family;
}

Family qwen2_moe() {
    Family family = llama("Qwen2MoeForCausalLM", "qwen2_moe");
    family.needs_kv_heads = true;
    family.qkv_bias = true;
    family.options = {read_qwen2_moe_options, read_qwen_experts};
    family.harmless = {"sliding_window", "max_window_layers"};  // use_sliding_window is refused
    return family;
}

Family qwen3_moe() {
    Family family = llama("Qwen3MoeForCausalLM", "qwen3_moe");
    family.needs_kv_heads = true;
    family.design.qk_norm = QkNorm::head;
    family.options = {read_attention_bias, read_qwen_experts};
    family.harmless = {"sliding_window", "max_window_layers"};
    return family;
}

Family olmoe() {
    Family family = llama("OlmoeForCausalLM", "olmoe");
    family.design.qk_norm = QkNorm::whole;
    family.options = {read_attention_bias, read_olmoe_experts};
    return family;
}

}  // namespace

const std::vector<Family>& families() {
    static const std::vector<Family> table = [] {
        std::vector<Family> all = {llama_with_options(),
                                   mistral(),
                                   qwen2(),
                                   qwen3(),
                                   gemma2(),
                                   gemma3(),
                                   phi3(),
                                   smollm3(),
                                   olmo2(),
                                   granite(),
                                   gpt_neox(),
                                   falcon(),
                                   phi(),
                                   cohere(),
                                   cohere2(),
                                   mixtral(),
                                   qwen2_moe(),
                                   qwen3_moe(),
                                   olmoe()};
        std::sort(all.begin(), all.end(),
                  [](const Family& a, const Family& b) { return a.architecture < b.architecture; });
        return all;
    }();
    return table;
}

const Family* find_family(const std::string& architecture) {
    const auto& all = families();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Family& family) {
        return family.architecture == architecture;
    });
    return found == all.end() ? nullptr : &*found;
}

const Family& family_of(const std::string& architecture) {
    if (const Family* family = find_family(architecture)) return *family;
    std::string list;
    for (const std::string& known : known_architectures())
        list += (list.empty() ? "" : ", ") + known;
    throw std::invalid_argument("architecture: expected one of " + list + ", found \"" +
                                architecture + "\"");
}

std::vector<std::string> known_architectures() {
    std::vector<std::string> names;
    for (const Family& family : families())
        names.push_back(family.architecture);
    return names;
}

LayerDesign design_of(const std::string& architecture) {
    return family_of(architecture).design;
}

}  // namespace aircomp::inference
