// SPDX-License-Identifier: GPL-3.0-or-later
// config.json of the Llama family: read, checked value by value, refused by name.
#include "aircomp/inference/model_config.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "weights/json_reader.hpp"

namespace aircomp::inference {

namespace {

// Two dimensions multiply without overflow, and every index fits the tokens' type.
constexpr std::int64_t largest_dimension = INT32_MAX;

constexpr std::array<const char*, 3> architectures = {"LlamaForCausalLM", "MistralForCausalLM",
                                                      "Qwen2ForCausalLM"};

std::string read_architecture(const JsonNode& config) {
    const JsonNode names = config.at("architectures");
    if (names.array_size() != 1) names.fail("an array of one name");
    const JsonNode name = names.element(0);
    if (std::find(architectures.begin(), architectures.end(), name.text()) == architectures.end()) {
        name.fail("LlamaForCausalLM, MistralForCausalLM or Qwen2ForCausalLM");
    }
    return name.text();
}

std::int64_t dimension(const JsonNode& config, const char* key) {
    return config.at(key).integer(1, largest_dimension);
}

/// Options that change the mathematics and that the decoder does not have: present is an error
/// unless they are off.
void refuse_what_is_not_implemented(const JsonNode& config, const ModelConfig& model) {
    if (const auto act = config.find("hidden_act"); act && act->text() != "silu") {
        act->fail("\"silu\"");
    }
    for (const char* key : {"attention_bias", "mlp_bias", "use_sliding_window"}) {
        if (const auto option = config.find(key); option && option->boolean()) {
            option->fail("false (true is not implemented)");
        }
    }
    if (const auto quantized = config.find("quantization_config")) {
        quantized->fail("weights that are not quantised");
    }
    if (const auto rotary = config.find("partial_rotary_factor");
        rotary && rotary->number_above(0) != 1) {
        rotary->fail("1 (partial rotation is not implemented)");
    }
    if (const auto types = config.find("layer_types")) {
        for (std::size_t i = 0; i < types->array_size(); ++i) {
            if (types->element(i).text() != "full_attention") {
                types->element(i).fail("\"full_attention\"");
            }
        }
    }
    // Qwen2 states a window that `use_sliding_window` switches on; the others' window is active
    // where it is shorter than the context.
    if (const auto window = config.find("sliding_window");
        window && model.architecture != "Qwen2ForCausalLM" &&
        window->integer(1, INT64_MAX) < model.context) {
        window->fail(
            "null or at least max_position_embeddings (sliding windows are not "
            "implemented)");
    }
}

void read_attention_shape(const JsonNode& config, ModelConfig& model) {
    model.heads = dimension(config, "num_attention_heads");
    // Llama 2's small models leave out the number of KV heads: one for every query head.
    const bool one_each =
        model.architecture == "LlamaForCausalLM" && !config.find("num_key_value_heads");
    model.kv_heads = one_each ? model.heads : dimension(config, "num_key_value_heads");
    if (model.heads % model.kv_heads != 0) {
        config.at("num_key_value_heads")
            .fail("a divisor of num_attention_heads, " + std::to_string(model.heads));
    }
    if (const auto head_dim = config.find("head_dim")) {
        model.head_dim = head_dim->integer(1, largest_dimension);
    } else if (model.hidden_size % model.heads == 0) {
        model.head_dim = model.hidden_size / model.heads;
    } else {
        config.at("hidden_size")
            .fail("a multiple of num_attention_heads, " + std::to_string(model.heads) +
                  ", where head_dim is not given");
    }
    if (model.head_dim % 2 != 0) {
        const auto given = config.find("head_dim");
        given.value_or(config.at("hidden_size"))
            .fail("an even head_dim, as rotary embeddings need, not " +
                  std::to_string(model.head_dim));
    }
}

RopeScaling read_llama3_scaling(const JsonNode& rope) {
    RopeScaling scaling{};
    scaling.factor = rope.at("factor").number_above(0);
    if (scaling.factor < 1) rope.at("factor").fail("a number of at least 1");
    scaling.low_frequency_factor = rope.at("low_freq_factor").number_above(0);
    scaling.high_frequency_factor =
        rope.at("high_freq_factor").number_above(scaling.low_frequency_factor);
    scaling.original_context =
        rope.at("original_max_position_embeddings").integer(1, largest_dimension);
    return scaling;
}

void read_rope(const JsonNode& config, ModelConfig& model) {
    // Transformers 5 writes both into `rope_parameters`; Llama 2 leaves out the base, 10,000.
    const auto parameters = config.find("rope_parameters");
    const auto theta = parameters ? parameters->find("rope_theta") : config.find("rope_theta");
    model.rope_theta = theta ? theta->number_above(0) : 10000;

    const auto rope = parameters ? parameters : config.find("rope_scaling");
    if (!rope) return;
    const bool old_name = rope->find("type") && !rope->find("rope_type");
    const JsonNode type = rope->at(old_name ? "type" : "rope_type");
    if (type.text() == "llama3") {
        model.rope_scaling = read_llama3_scaling(*rope);
    } else if (type.text() != "default") {
        type.fail("\"llama3\" or \"default\"");
    }
}

void read_special_tokens(const JsonNode& config, ModelConfig& model) {
    const auto token = [&](const JsonNode& node) {
        return static_cast<std::int32_t>(node.integer(0, model.vocabulary_size - 1));
    };
    if (const auto bos = config.find("bos_token_id")) model.bos_token = token(*bos);
    if (const auto eos = config.find("eos_token_id")) {
        if (!eos->value().is_array()) {
            model.eos_tokens = {token(*eos)};
        } else {
            for (std::size_t i = 0; i < eos->array_size(); ++i) {
                model.eos_tokens.push_back(token(eos->element(i)));
            }
        }
    }
}

}  // namespace

const char* name_of(SiteKind kind) {
    return kind == SiteKind::mlp ? "mlp" : "attention";
}

gsl::span<const SiteKind> ModelConfig::sites_of_layer() const {
    // The MLP of every architecture that is read follows the attention's sum.
    return site_kinds;
}

Site ModelConfig::site(std::int64_t index) const {
    if (index < 0 || index >= sites()) {
        throw std::out_of_range("site: expected 0 to " + std::to_string(sites() - 1) + ", found " +
                                std::to_string(index));
    }
    const auto place = static_cast<std::size_t>(index % sites_per_layer());
    return {index / sites_per_layer(), sites_of_layer()[place], static_cast<std::size_t>(index)};
}

Site ModelConfig::site(std::int64_t layer, SiteKind kind) const {
    const auto kinds = sites_of_layer();
    const auto found = std::find(kinds.begin(), kinds.end(), kind);
    if (layer < 0 || layer >= layers || found == kinds.end()) {
        throw std::out_of_range("site: expected one of the model's " + std::to_string(layers) +
                                " layers, found layer " + std::to_string(layer) + " " +
                                name_of(kind));
    }
    return site(layer * sites_per_layer() + (found - kinds.begin()));
}

ModelConfig read_model_config(const std::filesystem::path& file) {
    const nlohmann::json document = read_json(file);
    const JsonNode config(document, file.string());

    ModelConfig model;
    model.architecture = read_architecture(config);
    model.vocabulary_size = dimension(config, "vocab_size");
    model.hidden_size = dimension(config, "hidden_size");
    model.ffn_size = dimension(config, "intermediate_size");
    model.layers = dimension(config, "num_hidden_layers");
    model.context = dimension(config, "max_position_embeddings");
    model.rms_norm_epsilon = config.at("rms_norm_eps").number_above(0);
    const auto tied = config.find("tie_word_embeddings");
    model.tied_embeddings = tied && tied->boolean();
    model.qkv_bias = model.architecture == "Qwen2ForCausalLM";
    read_attention_shape(config, model);
    read_rope(config, model);
    refuse_what_is_not_implemented(config, model);
    read_special_tokens(config, model);
    return model;
}

}  // namespace aircomp::inference
