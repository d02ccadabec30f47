// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of single families.
#include "model/family_options.hpp"

#include <cmath>

namespace aircomp::inference {

namespace {

constexpr std::int64_t most_experts = 4096;

}  // namespace

void read_attention_bias(ConfigKeys& config, const Family& family, ModelConfig& model) {
    model.qkv_bias = config.flag("attention_bias", family.qkv_bias);
    model.design.output_bias = config.flag("attention_bias", family.design.output_bias);
}

void read_mlp_bias(ConfigKeys& config, const Family& family, ModelConfig& model) {
    model.design.mlp_bias = config.flag("mlp_bias", family.design.mlp_bias);
}

void read_gemma_options(ConfigKeys& config, const Family& family, ModelConfig& model) {
    if (const auto name = config.find("hidden_activation"))
        model.design.activation = activation_of(*name);
    model.attention_scale =
        1 / std::sqrt(config.positive("query_pre_attn_scalar", family.query_scalar));
    // As float32, in which the reference multiplies.
    model.embedding_scale = static_cast<double>(std::sqrt(static_cast<float>(model.hidden_size)));
    const auto soft_cap = [&](const char* key, double otherwise) {
        // null switches it off where a missing key does not
        if (config.is_null(key)) return 0.0;
        return config.positive(key, otherwise);
    };
    model.attention_soft_cap = soft_cap("attn_logit_softcapping", family.attention_soft_cap);
    model.logit_soft_cap = soft_cap("final_logit_softcapping", family.logit_soft_cap);
    const auto both_ways = config.find("use_bidirectional_attention");
    if (both_ways && both_ways->boolean())
        both_ways->fail("false (tokens that see later ones are not implemented)");
}

void read_multipliers(ConfigKeys& config, const Family&, ModelConfig& model) {
    model.embedding_scale = config.positive("embedding_multiplier", 1);
    model.residual_scale = config.positive("residual_multiplier", 1);
    model.attention_scale = config.positive("attention_multiplier", 1);
    model.logit_scale = 1 / config.positive("logits_scaling", 1);
}

void read_still_layers(ConfigKeys& config, const Family& family, ModelConfig& model) {
    const auto interval_key = config.find("no_rope_layer_interval");
    const std::int64_t interval =
        interval_key ? interval_key->integer(1, INT32_MAX) : family.still_interval;
    if (const auto list = config.find("no_rope_layers")) {
        if (static_cast<std::int64_t>(list->array_size()) != model.layers)
            list->fail("an array of " + std::to_string(model.layers) + " numbers");
        // In spite of the key's name, 1 is a layer that is turned.
        for (std::size_t i = 0; i < list->array_size(); ++i)
            model.still_layers.push_back(list->element(i).integer(0, 1) == 0);
        return;
    }
    for (std::int64_t layer = 0; layer < model.layers; ++layer)
        model.still_layers.push_back((layer + 1) % interval == 0);
}

void read_parallel_residual(ConfigKeys& config, const Family&, ModelConfig& model) {
    model.design.parallel = config.flag("use_parallel_residual", true);
}

void read_falcon_options(ConfigKeys& config, const Family&, ModelConfig& model) {
    const bool bias = config.flag("bias", false);
    model.qkv_bias = model.design.output_bias = model.design.mlp_bias = bias;
    if (const auto alibi = config.find("alibi"); alibi && alibi->boolean())
        alibi->fail("false (positions by ALiBi are not implemented)");
    const bool grouped = config.flag("new_decoder_architecture", false);
    const bool one_key = config.flag("multi_query", true);
    if (!grouped) model.kv_heads = one_key ? 1 : model.heads;
    model.design.parallel = config.flag("parallel_attn", true) || grouped;
    const auto norms = config.find("num_ln_in_parallel_attn");
    const std::int64_t count = norms ? norms->integer(1, 2) : grouped ? 2 : 1;
    if (count == 2 && !grouped) norms->fail("1 without new_decoder_architecture");
    model.design.one_norm = model.design.parallel && count == 1;
}

void refuse_phi_head_norms(ConfigKeys& config, const Family&, ModelConfig&) {
    const auto norms = config.find("qk_layernorm");
    if (norms && norms->boolean()) norms->fail("false (true is not implemented)");
}

void read_cohere_options(ConfigKeys& config, const Family& family, ModelConfig& model) {
    model.logit_scale = config.positive("logit_scale", family.logit_scale);
    const auto norms = config.find("use_qk_norm");
    if (norms && norms->boolean()) norms->fail("false (true is not implemented)");
}

namespace {

void read_expert_counts(ConfigKeys& config, const char* count_key, ModelConfig& model) {
    model.experts.count = config.at(count_key).integer(1, most_experts);
    model.experts.chosen = config.at("num_experts_per_tok").integer(1, model.experts.count);
}

}  // namespace

void read_mixtral_experts(ConfigKeys& config, const Family&, ModelConfig& model) {
    read_expert_counts(config, "num_local_experts", model);
    model.experts.normalised = true;
}

void read_olmoe_experts(ConfigKeys& config, const Family&, ModelConfig& model) {
    read_expert_counts(config, "num_experts", model);
    model.experts.normalised = config.flag("norm_topk_prob", false);
}

void read_qwen_experts(ConfigKeys& config, const Family&, ModelConfig& model) {
    read_expert_counts(config, "num_experts", model);
    Experts& experts = model.experts;
    experts.normalised = config.flag("norm_topk_prob", false);
    experts.dense_size = model.ffn_size;
    model.ffn_size = config.at("moe_intermediate_size").integer(1, INT32_MAX);
    const auto step_key = config.find("decoder_sparse_step");
    const std::int64_t step = step_key ? step_key->integer(1, INT32_MAX) : 1;
    for (std::int64_t layer = 0; layer < model.layers; ++layer)
        experts.dense_layers.push_back((layer + 1) % step != 0);
    if (const auto list = config.find("mlp_only_layers")) {
        for (std::size_t i = 0; i < list->array_size(); ++i) {
            const std::int64_t layer = list->element(i).integer(0, model.layers - 1);
            experts.dense_layers[static_cast<std::size_t>(layer)] = true;
        }
    }
}

void read_qwen2_moe_options(ConfigKeys& config, const Family& family, ModelConfig& model) {
    model.qkv_bias = config.flag("qkv_bias", family.qkv_bias);
    model.experts.shared_size = config.at("shared_expert_intermediate_size").integer(1, INT32_MAX);
}

Activation activation_of(const JsonNode& name) {
    const std::string& text = name.text();
    if (text == "silu" || text == "swish") return Activation::silu;
    if (text == "gelu") return Activation::gelu;
    if (text == "gelu_new" || text == "gelu_pytorch_tanh") return Activation::gelu_tanh;
    name.fail("\"silu\", \"gelu\", \"gelu_new\" or \"gelu_pytorch_tanh\"");
}

}  // namespace aircomp::inference
