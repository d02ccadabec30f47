// SPDX-License-Identifier: GPL-3.0-or-later
// Metadata of GGUF files, key by key: each is read, known to change nothing, or refused.
#include "model/gguf_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/gguf_names.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {

namespace {

constexpr std::int64_t largest_dimension = INT32_MAX;

struct Architecture {
    const char* name;          ///< `general.architecture`
    const char* hugging_face;  ///< As config.json calls it.
    bool adjacent_pairs;       ///< Rows of q and k are reordered.
    bool qkv_bias;
};

constexpr std::array<Architecture, 2> architectures = {
    {{"llama", "LlamaForCausalLM", true, false}, {"qwen2", "Qwen2ForCausalLM", false, true}}};

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
    if (model.heads % model.kv_heads != 0) {
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

void read_rope(Keys& keys, ModelConfig& model) {
    const GgufValue* const base = keys.find("rope.freq_base");
    model.rope_theta = base ? base->number_above(0) : 10000;
    if (const GgufValue* const count = keys.find("rope.dimension_count");
        count && count->integer(1, largest_dimension) != model.head_dim) {
        count->fail(std::to_string(model.head_dim) +
                    ", the length of a head (partial rotation is not implemented)");
    }
    if (const GgufValue* const type = keys.find("rope.scaling.type");
        type && type->text() != "none") {
        type->fail("\"none\"");
    }
    if (const GgufValue* const scale = keys.find("rope.scale_linear");
        scale && scale->number() != 1) {
        scale->fail("1");
    }
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

void refuse_unknown_tensors(const GgufFiles& files) {
    for (const GgufTensor& tensor : files.tensors()) {
        if (hugging_face_name(tensor.name)) continue;
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
    model.rope_adjacent_pairs = architecture.adjacent_pairs;
    model.qkv_bias = architecture.qkv_bias;
    model.hidden_size = keys.dimension("embedding_length");
    model.ffn_size = keys.dimension("feed_forward_length");
    model.layers = keys.dimension("block_count");
    model.context = keys.dimension("context_length");
    model.rms_norm_epsilon = keys.at("attention.layer_norm_rms_epsilon").number_above(0);
    model.tied_embeddings = find_tensor(files, "output.weight") == nullptr;
    read_attention(keys, model);
    read_rope(keys, model);
    refuse_experts(keys);
    read_vocabulary_size(files, model);
    if (const GgufValue* const size = keys.find("vocab_size");
        size && size->integer(1, INT64_MAX) != model.vocabulary_size) {
        size->fail(std::to_string(model.vocabulary_size) + ", the rows of token_embd.weight");
    }
    read_special_tokens(metadata, model);
    refuse_unknown_tensors(files);
    keys.refuse_others();
    return model;
}

}  // namespace aircomp::inference
