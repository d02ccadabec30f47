// SPDX-License-Identifier: GPL-3.0-or-later
// Fills a Llama-shaped set of tensors with random numbers, and injects outliers where asked to.
#include "aircomp/inference/random_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "aircomp/inference/checkpoint_writer.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/narrow.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

enum class Role { embedding, norm, rows, attention_output, mlp_gate_or_up, mlp_down, bias };

struct Tensor {
    std::string name;
    std::int64_t rows;  ///< 1 for a vector
    std::int64_t columns;
    Role role;
    std::int64_t layer;  ///< -1 outside the layers
};

/// Their tensors are Llama's.
constexpr std::array<const char*, 3> architectures = {"LlamaForCausalLM", "MistralForCausalLM",
                                                      "Qwen2ForCausalLM"};

void check_architecture(const ModelConfig& config) {
    if (std::find(architectures.begin(), architectures.end(), config.architecture) !=
        architectures.end())
        return;
    throw std::invalid_argument(
        "random model: expected architecture LlamaForCausalLM, MistralForCausalLM or "
        "Qwen2ForCausalLM, found \"" +
        config.architecture + "\"");
}

std::vector<Tensor> tensors_of(const ModelConfig& config) {
    check_architecture(config);
    const std::int64_t hidden = config.hidden_size;
    const std::int64_t queries = config.heads * config.head_dim;
    const std::int64_t keys = config.kv_heads * config.head_dim;
    std::vector<Tensor> tensors = {
        {"model.embed_tokens.weight", config.vocabulary_size, hidden, Role::embedding, -1}};
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
        const auto add = [&](const char* name, std::int64_t rows, std::int64_t columns, Role role) {
            tensors.push_back(
                {"model.layers." + std::to_string(layer) + "." + name, rows, columns, role, layer});
        };
        add("input_layernorm.weight", 1, hidden, Role::norm);
        add("self_attn.q_proj.weight", queries, hidden, Role::rows);
        add("self_attn.k_proj.weight", keys, hidden, Role::rows);
        add("self_attn.v_proj.weight", keys, hidden, Role::rows);
        if (config.qkv_bias) {
            add("self_attn.q_proj.bias", 1, queries, Role::bias);
            add("self_attn.k_proj.bias", 1, keys, Role::bias);
            add("self_attn.v_proj.bias", 1, keys, Role::bias);
        }
        add("self_attn.o_proj.weight", hidden, queries, Role::attention_output);
        add("post_attention_layernorm.weight", 1, hidden, Role::norm);
        add("mlp.gate_proj.weight", config.ffn_size, hidden, Role::mlp_gate_or_up);
        add("mlp.up_proj.weight", config.ffn_size, hidden, Role::mlp_gate_or_up);
        add("mlp.down_proj.weight", hidden, config.ffn_size, Role::mlp_down);
    }
    tensors.push_back({"model.norm.weight", 1, hidden, Role::norm, -1});
    if (!config.tied_embeddings) {
        tensors.push_back({"lm_head.weight", config.vocabulary_size, hidden, Role::rows, -1});
    }
    return tensors;
}

/// SplitMix64 (Steele, Lea, Flood 2014): cheap, and any state is a good start.
class Generator {
public:
    explicit Generator(std::uint64_t state) : state_(state) {}

    std::uint64_t bits() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    /// Uniform in [-1, 1).
    float uniform() {
        return static_cast<float>(static_cast<std::int32_t>(bits() >> 32)) * 0x1p-31f;
    }

private:
    std::uint64_t state_;
};

/// The state that a row's numbers start from, so that rows can be filled in any order.
std::uint64_t row_state(std::uint64_t seed, const std::string& name, std::int64_t row) {
    Generator state(seed);
    std::uint64_t mixed = state.bits();
    for (const char c : name)
        mixed = Generator(mixed ^ static_cast<unsigned char>(c)).bits();
    return Generator(mixed ^ static_cast<std::uint64_t>(row)).bits();
}

/// Where outliers go and how they come about.
///
/// A trigger channel is 0 in all tokens but BOS, whose embedding holds sqrt(D) there. FFN column 0
/// of the first layer listens to that channel alone and writes to the massive channels alone.
class Outliers {
public:
    Outliers(const ModelConfig& config, const RandomModelOptions& options)
        : hidden_(config.hidden_size), bos_(config.bos_token.value_or(0)), options_(options) {
        if ((injects_massive() || options.outlier_factor != 1) && hidden_ < 16) {
            throw std::invalid_argument(
                "random model with outliers: expected a hidden size of at "
                "least 16, found " +
                std::to_string(hidden_));
        }
    }

    /// Changes row `row` of `tensor`, filled with random `values`.
    void inject(const Tensor& tensor, std::int64_t row, gsl::span<float> values) const {
        const auto factor = static_cast<float>(options_.outlier_factor);
        const bool writes_partial =
            tensor.role == Role::attention_output || tensor.role == Role::mlp_down;
        if (tensor.role == Role::norm) {
            for (const std::int64_t channel : outlier_channels())
                at(values, channel) /= factor;
        } else if (writes_partial && contains(outlier_channels(), row)) {
            for (float& value : values)
                value *= factor;
        }
        if (injects_massive()) inject_massive(tensor, row, values);
    }

private:
    static float& at(gsl::span<float> values, std::int64_t i) {
        return values[static_cast<std::size_t>(i)];
    }
    template <class Channels>
    static bool contains(const Channels& channels, std::int64_t channel) {
        return std::find(channels.begin(), channels.end(), channel) != channels.end();
    }

    bool injects_massive() const { return options_.massive_activation > 0; }
    std::int64_t trigger_channel() const { return hidden_ - 1; }
    std::array<std::int64_t, 2> massive_channels() const { return {hidden_ / 5, 4 * hidden_ / 5}; }
    std::array<std::int64_t, 3> outlier_channels() const {
        return {hidden_ / 8, 3 * hidden_ / 8, 5 * hidden_ / 8};
    }

    void inject_massive(const Tensor& tensor, std::int64_t row, gsl::span<float> values) const {
        if (tensor.role == Role::embedding) {
            at(values, trigger_channel()) =
                row == bos_ ? std::sqrt(static_cast<float>(hidden_)) : 0.0f;
        }
        if (tensor.layer != 0) return;
        if (tensor.role == Role::norm) at(values, trigger_channel()) = 1;
        if (tensor.role == Role::attention_output && row == trigger_channel()) {
            std::fill(values.begin(), values.end(), 0.0f);
        }
        if (tensor.role == Role::mlp_gate_or_up && row == 0) {
            std::fill(values.begin(), values.end(), 0.0f);
            at(values, trigger_channel()) = 1;
        }
        if (tensor.role == Role::mlp_down) {
            at(values, 0) = contains(massive_channels(), row) ? massive_weight() : 0.0f;
        }
    }

    /// From FFN column 0 to a massive channel. Around the MLP's norm BOS has a mean square of about
    /// 2.3: 1 of the embedding, 1 of the trigger, 0.3 of attention; gate times up is about
    /// D / 2.3. A typical partial is 0.6: silu(g) u has that root mean square for standard normal
    /// g and u.
    float massive_weight() const {
        const double column = static_cast<double>(hidden_) / 2.3;
        return static_cast<float>(0.6 * options_.massive_activation / column);
    }

    std::int64_t hidden_;
    std::int64_t bos_;
    RandomModelOptions options_;
};

void fill_row(const Tensor& tensor, std::int64_t row, std::uint64_t seed, gsl::span<float> values) {
    Generator generator(row_state(seed, tensor.name, row));
    // Uniform on [-sqrt(3), sqrt(3)) has variance 1.
    const float scale = tensor.role == Role::norm        ? 0.2f
                        : tensor.role == Role::embedding ? std::sqrt(3.0f)
                        : tensor.role == Role::bias
                            ? 1.0f
                            : std::sqrt(3.0f / static_cast<float>(tensor.columns));
    const float mean = tensor.role == Role::norm ? 1.0f : 0.0f;
    for (float& value : values)
        value = mean + scale * generator.uniform();
}

struct RandomTensors {
    std::shared_ptr<HugeBuffer> memory;
    std::vector<TensorView> views;
};

RandomTensors make_tensors(const ModelConfig& config, const RandomModelOptions& options) {
    const Outliers outliers(config, options);
    const std::vector<Tensor> tensors = tensors_of(config);
    const std::size_t element = element_bytes(options.type);
    const auto bytes_of = [&](const Tensor& tensor) {
        return static_cast<std::size_t>(tensor.rows * tensor.columns) * element;
    };
    const std::size_t bytes = std::accumulate(
        tensors.begin(), tensors.end(), std::size_t{0},
        [&](std::size_t sum, const Tensor& tensor) { return sum + bytes_of(tensor); });

    RandomTensors result{std::make_shared<HugeBuffer>(bytes), {}};
    ThreadPool threads(thread_count());
    std::byte* begin = result.memory->bytes().data();
    for (const Tensor& tensor : tensors) {
        const auto width = static_cast<std::size_t>(tensor.columns);
        threads.for_each_piece(tensor.rows, 16, [&](std::int64_t first, std::int64_t last) {
            std::vector<float> values(width);
            for (std::int64_t row = first; row < last; ++row) {
                fill_row(tensor, row, options.seed, values);
                outliers.inject(tensor, row, values);
                narrow(options.type, values,
                       begin + static_cast<std::size_t>(row) * width * element);
            }
        });
        const bool is_vector = tensor.role == Role::norm || tensor.role == Role::bias;
        result.views.push_back({tensor.name,
                                options.type,
                                is_vector ? std::vector<std::int64_t>{tensor.columns}
                                          : std::vector<std::int64_t>{tensor.rows, tensor.columns},
                                {begin, bytes_of(tensor)}});
        begin += bytes_of(tensor);
    }
    return result;
}

}  // namespace

Checkpoint random_model(const ModelConfig& config, const RandomModelOptions& options) {
    const RandomTensors tensors = make_tensors(config, options);
    return Checkpoint::from_tensors(config, tensors.views, tensors.memory);
}

void write_random_model(const std::filesystem::path& folder, const ModelConfig& config,
                        const RandomModelOptions& options) {
    write_checkpoint(folder, config, make_tensors(config, options).views);
}

ModelConfig tinyllama_dimensions() {
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 32000;
    config.hidden_size = 2048;
    config.ffn_size = 5632;
    config.layers = 22;
    config.heads = 32;
    config.kv_heads = 4;
    config.head_dim = 64;
    config.context = 2048;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    config.bos_token = 1;
    config.eos_tokens = {2};
    return config;
}

}  // namespace aircomp::inference
