// SPDX-License-Identifier: GPL-3.0-or-later
// Writes safetensors and config.json as Hugging Face's own tools lay them out.
#include "aircomp/inference/checkpoint_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "aircomp/inference/whole_file.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {

namespace {

nlohmann::ordered_json config_json(const ModelConfig& config) {
    nlohmann::ordered_json json = {
        {"architectures", {config.architecture}},
        {"hidden_act", "silu"},
        {"vocab_size", config.vocabulary_size},
        {"hidden_size", config.hidden_size},
        {"intermediate_size", config.ffn_size},
        {"num_hidden_layers", config.layers},
        {"num_attention_heads", config.heads},
        {"num_key_value_heads", config.kv_heads},
        {"head_dim", config.head_dim},
        {"max_position_embeddings", config.context},
        {"rms_norm_eps", config.rms_norm_epsilon},
        {"rope_theta", config.rope_theta},
        {"tie_word_embeddings", config.tied_embeddings},
    };
    // Other software tells the architecture by this name.
    if (config.architecture == "LlamaForCausalLM") json["model_type"] = "llama";
    if (config.architecture == "MistralForCausalLM") {
        json["model_type"] = "mistral";
        json["sliding_window"] = nullptr;
    }
    if (config.architecture == "Qwen2ForCausalLM") {
        json["model_type"] = "qwen2";
        json["use_sliding_window"] = false;
    }
    if (const auto& scaling = config.rope_scaling) {
        json["rope_scaling"] = {{"rope_type", "llama3"},
                                {"factor", scaling->factor},
                                {"low_freq_factor", scaling->low_frequency_factor},
                                {"high_freq_factor", scaling->high_frequency_factor},
                                {"original_max_position_embeddings", scaling->original_context}};
    }
    if (config.bos_token) json["bos_token_id"] = *config.bos_token;
    if (config.eos_tokens.size() == 1) json["eos_token_id"] = config.eos_tokens.front();
    if (config.eos_tokens.size() > 1) json["eos_token_id"] = config.eos_tokens;
    return json;
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, gsl::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
    // Wide elements first, as the reference does: every tensor then lies aligned to its elements.
    std::vector<const TensorView*> order;
    for (const TensorView& tensor : tensors) {
        if (block_size(tensor.type).elements != 1) {
            throw std::invalid_argument(tensor.name +
                                        ": expected F32, F16 or BF16, which safetensors holds, "
                                        "found " +
                                        type_name(tensor.type));
        }
        order.push_back(&tensor);
    }
    std::stable_sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
        return element_bytes(a->type) > element_bytes(b->type);
    });

    nlohmann::ordered_json header = {{"__metadata__", metadata}};
    std::size_t begin = 0;
    for (const TensorView* tensor : order) {
        check_bytes(*tensor);
        if (header.contains(tensor->name)) {
            throw std::invalid_argument(tensor->name + ": expected one tensor of the name");
        }
        const std::size_t end = begin + tensor->bytes.size();
        header[tensor->name] = {{"dtype", type_name(tensor->type)},
                                {"shape", tensor->shape},
                                {"data_offsets", {begin, end}}};
        begin = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');

    std::string length;
    for (int byte = 0; byte < 8; ++byte)
        length.push_back(static_cast<char>(std::uint64_t{text.size()} >> (8 * byte)));
    std::vector<std::string_view> pieces = {length, text};
    for (const TensorView* tensor : order) {
        pieces.emplace_back(reinterpret_cast<const char*>(tensor->bytes.data()),
                            tensor->bytes.size());
    }
    write_whole(file, pieces);
}

void write_checkpoint(const std::filesystem::path& folder, const ModelConfig& config,
                      gsl::span<const TensorView> tensors) {
    std::filesystem::create_directories(folder);
    write_safetensors(folder / "model.safetensors", tensors);
    write_whole(folder / "config.json", config_json(config).dump(2) + "\n");
}

}  // namespace aircomp::inference
