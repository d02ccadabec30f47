// SPDX-License-Identifier: GPL-3.0-or-later
// The table of known dimensions.
#include "experiment/dimensions.hpp"

#include <stdexcept>
#include <vector>

#include "config/registry.hpp"

namespace aircomp::runtime {
namespace {

struct Dimensions {
    std::string name;
    std::int64_t hidden_size, ffn_size, layers, heads, kv_heads, vocabulary_size, context;
};

const std::vector<Dimensions> known = {
    {"llama-2-7b", 4096, 11008, 32, 32, 32, 32000, 4096},
    {"llama-2-13b", 5120, 13824, 40, 40, 40, 32000, 4096},
    {"llama-2-70b", 8192, 28672, 80, 64, 8, 32000, 4096},
    {"llama-3-8b", 4096, 14336, 32, 32, 8, 128256, 8192},
    {"llama-3-70b", 8192, 28672, 80, 64, 8, 128256, 8192},
};

}  // namespace

inference::ModelConfig dimensions_of(const std::string& name) {
    const Dimensions* const model = row_of(known, name);
    if (model == nullptr) {
        throw std::invalid_argument("dimensions: expected one of " + names_of(known) + ", found '" +
                                    name + "'" + hint_of(known, name));
    }
    inference::ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.hidden_size = model->hidden_size;
    config.ffn_size = model->ffn_size;
    config.layers = model->layers;
    config.heads = model->heads;
    config.kv_heads = model->kv_heads;
    config.head_dim = model->hidden_size / model->heads;
    config.vocabulary_size = model->vocabulary_size;
    config.context = model->context;
    return config;
}

}  // namespace aircomp::runtime
