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
    std::string_view hugging_face;
};

constexpr std::array<Name, 3> of_model = {
    {{"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}}};

constexpr std::array<Name, 9> of_layer = {{{"attn_norm", "input_layernorm"},
                                           {"attn_q", "self_attn.q_proj"},
                                           {"attn_k", "self_attn.k_proj"},
                                           {"attn_v", "self_attn.v_proj"},
                                           {"attn_output", "self_attn.o_proj"},
                                           {"ffn_norm", "post_attention_layernorm"},
                                           {"ffn_gate", "mlp.gate_proj"},
                                           {"ffn_up", "mlp.up_proj"},
                                           {"ffn_down", "mlp.down_proj"}}};

template <std::size_t size>
std::optional<std::string> look_up(const std::array<Name, size>& names, std::string_view name) {
    const auto* const found = std::find_if(names.begin(), names.end(),
                                           [&](const Name& entry) { return entry.gguf == name; });
    if (found == names.end()) return std::nullopt;
    return std::string(found->hugging_face);
}

}  // namespace

std::optional<std::string> hugging_face_name(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) return std::nullopt;
    const std::string kind = name.substr(dot);
    if (kind != ".weight" && kind != ".bias") return std::nullopt;
    const std::string part = name.substr(0, dot);
    if (const auto found = look_up(of_model, part)) return *found + kind;

    constexpr std::string_view block = "blk.";
    if (part.compare(0, block.size(), block) != 0) return std::nullopt;
    const std::size_t end = part.find('.', block.size());
    if (end == std::string::npos) return std::nullopt;
    const std::string layer = part.substr(block.size(), end - block.size());
    if (layer.empty() || layer.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    const auto found = look_up(of_layer, part.substr(end + 1));
    if (!found) return std::nullopt;
    return "model.layers." + layer + "." + *found + kind;
}

}  // namespace aircomp::inference
