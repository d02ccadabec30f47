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
    family.harmless = {"hidden_act", "cache_implementation"};
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
                                   granite()};
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
