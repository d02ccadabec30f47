// SPDX-License-Identifier: GPL-3.0-or-later
// Metadata of GGUF files, key by key: each is read, known to change nothing, or refused.
#include "model/gguf_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/families.hpp"
#include "model/gguf_names.hpp"
#include "weights/ggml_type.hpp"
#include "weights/matvec.hpp"
#include "weights/safetensors.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {

namespace {

constexpr std::int64_t largest_dimension = INT32_MAX;
constexpr const char* rope_factors = "rope_freqs.weight";

class Keys;
void read_gemma2(Keys& keys, ModelConfig& model);
void read_gemma3(Keys& keys, ModelConfig& model);

struct Architecture {
    const char* name;                              ///< `general.architecture`
    const char* hugging_face;                      ///< As config.json calls it.
    bool adjacent_pairs;                           ///< Rows of q and k are reordered.
    void (*read)(Keys& keys, ModelConfig& model);  ///< Its own keys.
};

constexpr std::array<Architecture, 5> architectures = {
    {{"llama", "LlamaForCausalLM", true, nullptr},
     {"qwen2", "Qwen2ForCausalLM", false, nullptr},
     {"qwen3", "Qwen3ForCausalLM", false, nullptr},
     {"gemma2", "Gemma2ForCausalLM", false, read_gemma2},
     {"gemma3", "Gemma3ForCausalLM", false, read_gemma3}}};

const Architecture& find_architecture(const GgufMetadata& metadata) {
    const GgufValue& name = metadata.at("general.architecture");
    std::string names;
    for (const Architecture& architecture : architectures) {
        if (name.text() == architecture.name) return architecture;
        names += (names.empty() ? "" : ", ") + std::string(architecture.name);
    }
    name.fail("one of " + names);
}

/// The keys `ARCHITECTURE.KEY`; remembers which were asked for.
class Keys {
public:
    Keys(const GgufMetadata& metadata, std::string prefix)
        : metadata_(metadata), prefix_(std::move(prefix) + ".") {}

    const GgufValue& at(const std::string& key) { return metadata_.at(known(key)); }
    const GgufValue* find(const std::string& key) { return metadata_.find(known(key)); }
    std::int64_t dimension(const std::string& key) { return at(key).integer(1, largest_dimension); }

    /// Refuses what was never asked for.
    void refuse_others() const {
        for (const std::string& key : metadata_.keys()) {
            if (key.compare(0, prefix_.size(), prefix_) == 0 && known_.count(key) == 0) {
                metadata_.at(key).fail("no key that is not known to this program");
            }
        }
    }

private:
    std::string known(const std::string& key) { return *known_.insert(prefix_ + key).first; }

    const GgufMetadata& metadata_;
    std::string prefix_;
    std::set<std::string> known_;
};

void read_attention(Keys& keys, ModelConfig& model) {
    model.heads = keys.dimension("attention.head_count");
    const GgufValue* const kv_heads = keys.find("attention.head_count_kv");
    model.kv_heads = kv_heads ? kv_heads->integer(1, largest_dimension) : model.heads;
    if (kv_heads != nullptr && model.heads % model.kv_heads != 0) {
        kv_heads->fail("a divisor of attention.head_count, " + std::to_string(model.heads));
    }
    if (const GgufValue* const length = keys.find("attention.key_length")) {
        model.head_dim = length->integer(1, largest_dimension);
    } else if (model.hidden_size % model.heads == 0) {
        model.head_dim = model.hidden_size / model.heads;
    } else {
        keys.at("embedding_length")
            .fail("a multiple of attention.head_count, " + std::to_string(model.heads) +
                  ", where attention.key_length is not given");
    }
    if (const GgufValue* const length = keys.find("attention.value_length");
        length && length->integer(1, largest_dimension) != model.head_dim) {
        length->fail(std::to_string(model.head_dim) + ", the length of keys");
    }
    if (model.head_dim % 2 != 0) {
        keys.at("attention.head_count").fail("heads of an even length, as rotary embeddings need");
    }
}

void read_rope_scaling(Keys& keys, ModelConfig& model) {
    // `scale_linear` is how old files say it.
    const GgufValue* const old = keys.find("rope.scale_linear");
    const GgufValue* const type = keys.find("rope.scaling.type");
    const std::string_view name = type ? type->text() : old ? "linear" : "none";
    if (name == "none") return;
    if (type != nullptr && name != "linear") type->fail("\"none\" or \"linear\"");
    RopeScaling scaling;
    scaling.type = RopeType::linear;
    scaling.factor = type ? keys.at("rope.scaling.factor").number_above(0) : old->number_above(0);
    model.rope_scaling = scaling;
}

void read_rope(Keys& keys, const Family& family, ModelConfig& model) {
    const GgufValue* const base = keys.find("rope.freq_base");
    model.rope_theta = base ? base->number_above(0) : family.rope_theta;
    if (const GgufValue* const count = keys.find("rope.dimension_count");
        count && count->integer(1, largest_dimension) != model.head_dim) {
        count->fail(std::to_string(model.head_dim) +
                    ", the length of a head (partial rotation is not implemented)");
    }
    read_rope_scaling(keys, model);
}

void refuse_experts(Keys& keys) {
    for (const char* key : {"expert_count", "expert_used_count"}) {
        if (const GgufValue* const count = keys.find(key);
            count && count->integer(0, largest_dimension) != 0) {
            count->fail("0 (mixtures of experts are not implemented)");
        }
    }
}

/// What generation stops at: the end of a text, and the end of a turn.
void read_special_tokens(const GgufMetadata& metadata, ModelConfig& model) {
    const auto token = [&](const char* name) -> const GgufValue* {
        return metadata.find(std::string("tokenizer.ggml.") + name + "_token_id");
    };
    const auto id = [&](const GgufValue& value) {
        return static_cast<std::int32_t>(value.integer(0, model.vocabulary_size - 1));
    };
    if (const GgufValue* const bos = token("bos")) model.bos_token = id(*bos);
    for (const char* name : {"eos", "eot", "eom"}) {
        const GgufValue* const end = token(name);
        if (end == nullptr) continue;
        const bool is_new = std::find(model.eos_tokens.begin(), model.eos_tokens.end(), id(*end)) ==
                            model.eos_tokens.end();
        if (is_new) model.eos_tokens.push_back(id(*end));
    }
}

const GgufTensor* find_tensor(const GgufFiles& files, const std::string& name) {
    const auto& tensors = files.tensors();
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const GgufTensor& tensor) { return tensor.name == name; });
    return found == tensors.end() ? nullptr : &*found;
}

/// Divisors of the frequencies of rotary embeddings, which files of Llama 3 have as a tensor.
void read_rope_factors(const GgufFiles& files, ModelConfig& model) {
    const GgufTensor* const factors = find_tensor(files, rope_factors);
    if (factors == nullptr) return;
    const auto pairs = static_cast<std::size_t>(model.head_dim / 2);
    const GgmlType* const type = find_ggml_type(factors->type);
    if (find_type(type->name) != DataType::f32 ||
        factors->shape != std::vector<std::int64_t>{model.head_dim / 2}) {
        throw std::runtime_error(files.metadata().file() + ": tensor " + rope_factors +
                                 ": expected " + std::to_string(pairs) + " of F32, found " +
                                 shape_text(factors->shape) + " of " + type->name);
    }
    std::vector<float> values(pairs);
    widen(DataType::f32, factors->bytes.data(), values);
    for (const float value : values) {
        if (std::isfinite(value) && value > 0) continue;
        throw std::runtime_error(files.metadata().file() + ": tensor " + rope_factors +
                                 ": expected finite numbers above 0, found " +
                                 std::to_string(value));
    }
    if (model.rope_scaling) {
        throw std::runtime_error(files.metadata().file() + ": tensor " + rope_factors +
                                 ": expected no factors beside rope.scaling.type linear");
    }
    RopeScaling scaling;
    scaling.type = RopeType::longrope;
    scaling.short_factors = {values.begin(), values.end()};
    scaling.long_factors = scaling.short_factors;
    scaling.original_context = model.context;
    model.rope_scaling = scaling;
}

/// Which layers are local: all but each `interval`-th, where no list says otherwise.
void read_local_layers(Keys& keys, std::int64_t interval, ModelConfig& model) {
    model.sliding_window = keys.at("attention.sliding_window").integer(1, INT64_MAX);
    if (const GgufValue* const pattern = keys.find("attention.sliding_window_pattern")) {
        if (pattern->is_array()) {
            model.local_layers = pattern->booleans();
            if (static_cast<std::int64_t>(model.local_layers.size()) != model.layers) {
                pattern->fail(std::to_string(model.layers) + " booleans, one for each layer");
            }
            return;
        }
        interval = pattern->integer(1, largest_dimension);
    }
    for (std::int64_t layer = 0; layer < model.layers; ++layer)
        model.local_layers.push_back((layer + 1) % interval != 0);
}

/// What Gemma 2 and 3 share. The largest model of each, whose number of layers is `largest_layers`,
/// scales scores by hidden_size / heads; the format has no key for it.
void read_gemma(Keys& keys, std::int64_t largest_layers, ModelConfig& model) {
    model.design.norm_offset = false;  // the file's norms have the 1 in them
    model.embedding_scale = std::sqrt(static_cast<double>(model.hidden_size));
    if (model.layers == largest_layers) {
        model.attention_scale =
            std::sqrt(static_cast<double>(model.heads) / static_cast<double>(model.hidden_size));
    }
    if (const GgufValue* const cap = keys.find("final_logit_softcapping")) {
        model.logit_soft_cap = cap->number_above(0);
    }
    if (const GgufValue* const cap = keys.find("attn_logit_softcapping")) {
        model.attention_soft_cap = cap->number_above(0);
    }
}

void read_gemma2(Keys& keys, ModelConfig& model) {
    model.attention_soft_cap = 50;
    model.logit_soft_cap = 30;
    read_gemma(keys, 46, model);
    read_local_layers(keys, 2, model);
}

void read_gemma3(Keys& keys, ModelConfig& model) {
    read_gemma(keys, 62, model);
    read_local_layers(keys, 6, model);
    const GgufValue* const base = keys.find("rope.freq_base_swa");
    model.local_rope = Rope{base ? base->number_above(0) : 10000, std::nullopt};
}

void read_vocabulary_size(const GgufFiles& files, ModelConfig& model) {
    const std::string& file = files.metadata().file();
    const GgufTensor* const embedding = find_tensor(files, "token_embd.weight");
    if (embedding == nullptr) {
        throw std::runtime_error(file +
                                 ": tensor token_embd.weight: expected the embedding of tokens, "
                                 "found no tensor of that name (a vocabulary without weights?)");
    }
    if (embedding->shape.size() != 2 || embedding->shape[0] < 1 ||
        embedding->shape[0] > largest_dimension || embedding->shape[1] != model.hidden_size) {
        throw std::runtime_error(file + ": tensor token_embd.weight: expected shape [tokens, " +
                                 std::to_string(model.hidden_size) + "], found " +
                                 shape_text(embedding->shape));
    }
    model.vocabulary_size = embedding->shape[0];
}

void refuse_unknown_tensors(const GgufFiles& files, const Family& family) {
    for (const GgufTensor& tensor : files.tensors()) {
        if (hugging_face_name(family.names, tensor.name) || tensor.name == rope_factors) continue;
        throw std::runtime_error(files.metadata().file() + ": tensor " + shown(tensor.name) +
                                 ": expected no tensor that is not known to this program");
    }
}

}  // namespace

ModelConfig read_gguf_config(const GgufFiles& files) {
    const GgufMetadata& metadata = files.metadata();
    const Architecture& architecture = find_architecture(metadata);
    Keys keys(metadata, architecture.name);

    ModelConfig model;
    model.architecture = architecture.hugging_face;
    const Family& family = family_of(model.architecture);
    model.design = family.design;
    model.rope_adjacent_pairs = architecture.adjacent_pairs;
    model.qkv_bias = family.qkv_bias;
    model.hidden_size = keys.dimension("embedding_length");
    model.ffn_size = keys.dimension("feed_forward_length");
    model.layers = keys.dimension("block_count");
    model.context = keys.dimension("context_length");
    model.rms_norm_epsilon = keys.at("attention.layer_norm_rms_epsilon").number_above(0);
    model.tied_embeddings = find_tensor(files, "output.weight") == nullptr;
    read_attention(keys, model);
    read_rope(keys, family, model);
    read_rope_factors(files, model);
    if (architecture.read != nullptr) architecture.read(keys, model);
    refuse_experts(keys);
    read_vocabulary_size(files, model);
    if (const GgufValue* const size = keys.find("vocab_size");
        size && size->integer(1, INT64_MAX) != model.vocabulary_size) {
        size->fail(std::to_string(model.vocabulary_size) + ", the rows of token_embd.weight");
    }
    read_special_tokens(metadata, model);
    refuse_unknown_tensors(files, family);
    keys.refuse_others();
    return model;
}

}  // namespace aircomp::inference
