// SPDX-License-Identifier: GPL-3.0-or-later
// The table of names.
#include "model/gguf_names.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace aircomp::inference {

namespace {

struct Name {
    std::string_view gguf;
    const char* TensorNames::*hugging_face;
};

constexpr std::array<Name, 3> of_model = {{{"token_embd", &TensorNames::embedding},
                                           {"output_norm", &TensorNames::final_norm},
                                           {"output", &TensorNames::head}}};

constexpr std::array<Name, 14> of_layer = {
    {{"attn_norm", &TensorNames::attention_norm},
     {"attn_q", &TensorNames::query},
     {"attn_k", &TensorNames::key},
     {"attn_v", &TensorNames::value},
     {"attn_qkv", &TensorNames::joined},
     {"attn_q_norm", &TensorNames::query_norm},
     {"attn_k_norm", &TensorNames::key_norm},
     {"attn_output", &TensorNames::output},
     {"post_attention_norm", &TensorNames::attention_sum_norm},
     {"ffn_norm", &TensorNames::mlp_norm},
     {"ffn_gate", &TensorNames::gate},
     {"ffn_up", &TensorNames::up},
     {"ffn_down", &TensorNames::down},
     {"post_ffw_norm", &TensorNames::mlp_sum_norm}}};

template <std::size_t size>
std::optional<std::string> look_up(const std::array<Name, size>& names, const TensorNames& family,
                                   std::string_view name) {
    const auto* const found = std::find_if(names.begin(), names.end(),
                                           [&](const Name& entry) { return entry.gguf == name; });
    if (found == names.end() || family.*found->hugging_face == nullptr) return std::nullopt;
    return std::string(family.*found->hugging_face);
}

}  // namespace

std::optional<std::string> hugging_face_name(const TensorNames& family, const std::string& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) return std::nullopt;
    const std::string kind = name.substr(dot);
    if (kind != ".weight" && kind != ".bias") return std::nullopt;
    const std::string part = name.substr(0, dot);
    if (const auto found = look_up(of_model, family, part)) return *found + kind;

    constexpr std::string_view block = "blk.";
    if (part.compare(0, block.size(), block) != 0) return std::nullopt;
    const std::size_t end = part.find('.', block.size());
    if (end == std::string::npos) return std::nullopt;
    const std::string layer = part.substr(block.size(), end - block.size());
    if (layer.empty() || layer.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    const auto found = look_up(of_layer, family, part.substr(end + 1));
    if (!found) return std::nullopt;
    return family.layers + layer + "." + *found + kind;
}

}  // namespace aircomp::inference
