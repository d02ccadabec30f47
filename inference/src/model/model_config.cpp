// SPDX-License-Identifier: GPL-3.0-or-later
// config.json: read, checked value by value, refused by name.
#include "aircomp/inference/model_config.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "model/config_keys.hpp"
#include "model/families.hpp"
#include "model/family_options.hpp"
#include "model/quantisation_config.hpp"
#include "model/rope_config.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {

namespace {

// Two dimensions multiply without overflow, and every index fits the tokens' type.
constexpr std::int64_t largest_dimension = INT32_MAX;

/// Most layers of a model: what is listed for each of them is bounded by it.
constexpr std::int64_t most_layers = 10000;

/// Keys that say how a model was trained, stored or is run, and nothing of what it computes.
const std::vector<std::string> harmless = {"_attn_implementation",
                                           "_attn_implementation_autoset",
                                           "_commit_hash",
                                           "_flash_attn_2_enabled",
                                           "_name_or_path",
                                           "add_cross_attention",
                                           "attention_dropout",
                                           "attn_implementation",
                                           "attn_pdrop",
                                           "auto_map",
                                           "bad_words_ids",
                                           "begin_suppress_tokens",
                                           "chunk_size_feed_forward",
                                           "classifier_dropout",
                                           "cross_attention_hidden_size",
                                           "decoder_start_token_id",
                                           "diversity_penalty",
                                           "do_sample",
                                           "dtype",
                                           "early_stopping",
                                           "embd_pdrop",
                                           "encoder_no_repeat_ngram_size",
                                           "exponential_decay_length_penalty",
                                           "finetuning_task",
                                           "forced_bos_token_id",
                                           "forced_eos_token_id",
                                           "gradient_checkpointing",
                                           "hidden_dropout",
                                           "id2label",
                                           "initializer_range",
                                           "is_decoder",
                                           "is_encoder_decoder",
                                           "is_llama_config",
                                           "label2id",
                                           "length_penalty",
                                           "max_length",
                                           "min_length",
                                           "model_type",
                                           "no_repeat_ngram_size",
                                           "num_beam_groups",
                                           "num_beams",
                                           "num_return_sequences",
                                           "output_attentions",
                                           "output_hidden_states",
                                           "output_router_logits",
                                           "output_scores",
                                           "pad_token_id",
                                           "prefix",
                                           "pretraining_tp",
                                           "problem_type",
                                           "pruned_heads",
                                           "remove_invalid_values",
                                           "repetition_penalty",
                                           "resid_pdrop",
                                           "return_dict",
                                           "return_dict_in_generate",
                                           "router_aux_loss_coef",
                                           "router_jitter_noise",
                                           "rope_interleaved",
                                           "sep_token_id",
                                           "suppress_tokens",
                                           "task_specific_params",
                                           "temperature",
                                           "tf_legacy_loss",
                                           "tie_encoder_decoder",
                                           "tokenizer_class",
                                           "top_k",
                                           "top_p",
                                           "torch_dtype",
                                           "torchscript",
                                           "transformers.js_config",
                                           "transformers_version",
                                           "typical_p",
                                           "unsloth_fixed",
                                           "unsloth_version",
                                           "use_bfloat16",
                                           "use_cache"};

const Family& read_family(ConfigKeys& config) {
    const JsonNode names = config.at("architectures");
    if (names.array_size() != 1) names.fail("an array of one name");
    const JsonNode name = names.element(0);
    if (const Family* family = find_family(name.text())) return *family;
    std::string list;
    for (const std::string& known : known_architectures())
        list += (list.empty() ? "" : ", ") + known;
    name.fail("one of " + list);
}

std::int64_t dimension(ConfigKeys& config, const char* key) {
    return config.at(key).integer(1, largest_dimension);
}

void read_attention_shape(ConfigKeys& config, const Family& family, ModelConfig& model) {
    model.heads = dimension(config, "num_attention_heads");
    const bool given = config.find(family.kv_heads_key).has_value();
    model.kv_heads =
        given || family.needs_kv_heads ? dimension(config, family.kv_heads_key) : model.heads;
    if (model.heads % model.kv_heads != 0) {
        config.at(family.kv_heads_key)
            .fail("a divisor of num_attention_heads, " + std::to_string(model.heads));
    }
    if (const auto head_dim = config.find("head_dim")) {
        model.head_dim = head_dim->integer(1, largest_dimension);
    } else if (family.head_dim > 0) {
        model.head_dim = family.head_dim;
    } else if (model.hidden_size % model.heads == 0) {
        model.head_dim = model.hidden_size / model.heads;
    } else {
        config.at("hidden_size")
            .fail("a multiple of num_attention_heads, " + std::to_string(model.heads) +
                  ", where head_dim is not given");
    }
    if (model.head_dim % 2 != 0) {
        const auto head_dim = config.find("head_dim");
        head_dim.value_or(config.at("hidden_size"))
            .fail("an even head_dim, as rotary embeddings need, not " +
                  std::to_string(model.head_dim));
    }
}

/// Layers whose attention is local, from a list of their types. Families without local layers may
/// say so.
void read_layer_types(const JsonNode& types, const Family& family, ModelConfig& model) {
    if (static_cast<std::int64_t>(types.array_size()) != model.layers)
        types.fail("an array of " + std::to_string(model.layers) + " names, one for each layer");
    const bool may_be_local =
        family.local == LocalLayers::on_request || family.local == LocalLayers::by_interval;
    for (std::size_t i = 0; i < types.array_size(); ++i) {
        const JsonNode type = types.element(i);
        const bool local = may_be_local && type.text() == "sliding_attention";
        if (!local && type.text() != "full_attention") {
            type.fail(may_be_local ? "\"full_attention\" or \"sliding_attention\""
                                   : "\"full_attention\"");
        }
        model.local_layers.push_back(local);
    }
}

/// Which layers are local by rule.
void read_local_rule(ConfigKeys& config, const Family& family, bool has_window,
                     ModelConfig& model) {
    const auto own_interval = config.find("sliding_window_pattern");
    const std::int64_t interval =
        own_interval ? own_interval->integer(1, most_layers) : family.window_interval;
    const auto first_key = config.find("max_window_layers");
    const std::int64_t first = first_key ? first_key->integer(0, largest_dimension) : 0;
    for (std::int64_t layer = 0; layer < model.layers; ++layer) {
        model.local_layers.push_back(
            family.local == LocalLayers::by_interval ? (layer + 1) % interval != 0
            : family.local == LocalLayers::on_request
                ? has_window && (model.still_layers.empty()
                                     ? layer >= first
                                     : model.still_layers[static_cast<std::size_t>(layer)])
                : has_window && family.local == LocalLayers::all);
    }
}

void read_windows(ConfigKeys& config, const Family& family, ModelConfig& model) {
    if (family.local == LocalLayers::never) {
        if (const auto types = config.find("layer_types")) read_layer_types(*types, family, model);
        for (const char* key : {"use_sliding_window"}) {
            if (const auto on = config.find(key); on && on->boolean())
                on->fail("false: " + family.architecture + " has no local layers");
        }
        model.local_layers.clear();
        return;
    }
    const bool asked =
        family.local != LocalLayers::on_request || config.flag("use_sliding_window", false);
    const auto window = config.find("sliding_window");
    if (window) model.sliding_window = window->integer(1, INT64_MAX);
    if (!window && !config.is_null("sliding_window")) model.sliding_window = family.window;
    const bool has_window = asked && model.sliding_window > 0;
    const auto types = config.find("layer_types");
    read_local_rule(config, family, has_window, model);
    if (types) {
        model.local_layers.clear();
        read_layer_types(*types, family, model);
    }
    const bool some = std::count(model.local_layers.begin(), model.local_layers.end(), true) > 0;
    if (some && !has_window && !model.local_rope && family.local_rope_theta == 0)
        config.at("sliding_window").fail("a window, as local layers need");
    if (!has_window) model.sliding_window = 0;
    if (!some) model.local_layers.clear();
}

void read_special_tokens(ConfigKeys& config, ModelConfig& model) {
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
    switch (kind) {
        case SiteKind::attention:
            return "attention";
        case SiteKind::mlp:
            return "mlp";
        case SiteKind::block:
            return "block";
    }
    return "unknown";
}

bool ModelConfig::is_local(std::int64_t layer) const {
    const auto index = static_cast<std::size_t>(layer);
    return index < local_layers.size() && local_layers[index];
}

bool ModelConfig::rotates(std::int64_t layer) const {
    const auto index = static_cast<std::size_t>(layer);
    const bool still = index < still_layers.size() && still_layers[index];
    return !still && (!design.local_layers_rotate_only || is_local(layer));
}

bool ModelConfig::has_experts(std::int64_t layer) const {
    const auto index = static_cast<std::size_t>(layer);
    const bool dense = index < experts.dense_layers.size() && experts.dense_layers[index];
    return experts.count > 0 && !dense;
}

gsl::span<const SiteKind> ModelConfig::sites_of_layer() const {
    static constexpr std::array<SiteKind, 2> serial = {SiteKind::attention, SiteKind::mlp};
    static constexpr std::array<SiteKind, 1> parallel = {SiteKind::block};
    if (design.parallel) return parallel;
    return serial;
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
    const JsonNode root(document, file.string());
    ConfigKeys config(root);

    const Family& family = read_family(config);
    ModelConfig model;
    model.architecture = family.architecture;
    model.design = family.design;
    model.qkv_bias = family.qkv_bias;
    model.rope_adjacent_pairs = family.rope_adjacent_pairs;
    model.vocabulary_size = dimension(config, "vocab_size");
    model.hidden_size = dimension(config, "hidden_size");
    const bool has_width = family.ffn_multiple == 0 || config.find(family.ffn_key).has_value();
    model.ffn_size =
        has_width ? dimension(config, family.ffn_key) : family.ffn_multiple * model.hidden_size;
    model.layers = config.at("num_hidden_layers").integer(1, most_layers);
    const bool has_context =
        family.context == 0 || config.find("max_position_embeddings").has_value();
    model.context = has_context ? dimension(config, "max_position_embeddings") : family.context;
    model.rms_norm_epsilon = config.at(family.epsilon_key).number_above(0);
    model.tied_embeddings = config.flag("tie_word_embeddings", family.tied_embeddings);
    if (const auto name = config.find(family.activation_key))
        model.design.activation = activation_of(*name);
    if (const auto quantised = config.find("quantization_config"))
        model.quantisation = read_quantisation(*quantised);
    if (const auto planes = config.find("use_mrope"); planes && planes->boolean())
        planes->fail("false (positions of several dimensions are not implemented)");
    read_attention_shape(config, family, model);
    for (const ReadOptions read : family.options)
        read(config, family, model);
    for (const char* key : {"attention_bias", "mlp_bias"})
        config.require_off(key);
    read_rope(config, family, model);
    read_windows(config, family, model);
    read_special_tokens(config, model);
    config.ignore(harmless);
    config.ignore(family.harmless);
    config.refuse_others(family.architecture);
    return model;
}

}  // namespace aircomp::inference
