// SPDX-License-Identifier: GPL-3.0-or-later
// Models in GGUF files: names, configuration, logits against an independent implementation.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "errors.hpp"
#include "gguf_builder.hpp"
#include "model/families.hpp"
#include "model/gguf_names.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"
#include "weights/gguf_files.hpp"

namespace aircomp::inference {
namespace {

using test::bytes_of_number;
using test::check_error;
using test::GgufBuilder;
using test::TemporaryFolder;

constexpr std::uint32_t f32_type = 0;
constexpr std::uint32_t iq2_xxs_type = 16;

std::filesystem::path fixture(const std::string& name) {
    return std::filesystem::path(AIRCOMP_SOURCE_DIR) / "test/inference/gguf" / name;
}

/// The keys of a model of one layer: one head of two elements, two tokens. Its tensors are only those
/// that the configuration is read from.
GgufBuilder small_model() {
    GgufBuilder builder;
    builder.text("general.architecture", "llama")
        .integer("llama.embedding_length", 2)
        .integer("llama.feed_forward_length", 4)
        .integer("llama.block_count", 1)
        .integer("llama.context_length", 16)
        .integer("llama.attention.head_count", 1)
        .number("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .tensor("token_embd.weight", {2, 2}, f32_type, std::string(16, '\0'));
    return builder;
}

TEST_CASE("logits of GGUF models agree with an independent implementation, whole and cut") {
    for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma2", "gemma3"}) {
        CAPTURE(architecture);
        const auto path = fixture(std::string("random_") + architecture + ".gguf");
        const GgufFiles files(path);
        std::vector<Token> tokens;
        for (const std::int64_t token : files.metadata().at("test.tokens").integers(0, 47))
            tokens.push_back(static_cast<Token>(token));
        const std::vector<double> expected = files.metadata().at("test.logits").numbers();
        const Checkpoint checkpoint(path);
        CHECK(checkpoint.config().tied_embeddings == (architecture != std::string("llama")));
        std::mt19937 generator(3);
        for (std::size_t devices = 1; devices <= 6; ++devices) {
            auto slices = devices == 1
                              ? std::vector<Slice>{whole_model(checkpoint.config())}
                              : test::random_slices(checkpoint.config(), devices, generator);
            test::Team team(checkpoint, slices);
            // float32 rounding, and nothing else: the reference has the same stored weights.
            CHECK(test::relative_difference(expected, team.logits(tokens, 5)) < 1e-5);
        }
    }
}

TEST_CASE("a GGUF model's tensors have the names of Hugging Face's folders") {
    const TensorNames& names = family_of("LlamaForCausalLM").names;
    CHECK(hugging_face_name(names, "token_embd.weight") == "model.embed_tokens.weight");
    CHECK(hugging_face_name(names, "output_norm.weight") == "model.norm.weight");
    CHECK(hugging_face_name(names, "output.weight") == "lm_head.weight");
    CHECK(hugging_face_name(names, "blk.12.attn_q.weight") ==
          "model.layers.12.self_attn.q_proj.weight");
    CHECK(hugging_face_name(names, "blk.0.attn_k.bias") == "model.layers.0.self_attn.k_proj.bias");
    CHECK(hugging_face_name(names, "blk.0.ffn_down.weight") ==
          "model.layers.0.mlp.down_proj.weight");
    for (const char* unknown : {"", ".weight", "blk", "blk.weight", "blk..attn_q.weight",
                                "blk.x.attn_q.weight", "blk.0.attn_z.weight", "blk.0.attn_q",
                                "blk.0.attn_q.scale", "blk.0.post_ffw_norm.weight"}) {
        CAPTURE(unknown);
        CHECK_FALSE(hugging_face_name(names, unknown));
    }
    const TensorNames& gemma = family_of("Gemma3ForCausalLM").names;
    CHECK(hugging_face_name(gemma, "blk.1.ffn_norm.weight") ==
          "model.layers.1.pre_feedforward_layernorm.weight");
    CHECK(hugging_face_name(gemma, "blk.1.post_attention_norm.weight") ==
          "model.layers.1.post_attention_layernorm.weight");
}

TEST_CASE("the configuration of a GGUF model is what its metadata say") {
    const TemporaryFolder folder;
    GgufBuilder builder = small_model();
    builder.integer("tokenizer.ggml.bos_token_id", 1)
        .integer("tokenizer.ggml.eos_token_id", 0)
        .integer("tokenizer.ggml.eot_token_id", 1)
        .integer("tokenizer.ggml.eom_token_id", 0)
        .number("llama.rope.freq_base", 500.0f);
    const Checkpoint checkpoint(folder.write("m.gguf", builder.file()));
    const ModelConfig& model = checkpoint.config();
    CHECK(model.architecture == "LlamaForCausalLM");
    CHECK(model.vocabulary_size == 2);
    CHECK(model.hidden_size == 2);
    CHECK(model.ffn_size == 4);
    CHECK(model.layers == 1);
    CHECK(model.heads == 1);
    CHECK(model.kv_heads == 1);
    CHECK(model.head_dim == 2);
    CHECK(model.context == 16);
    CHECK(model.rope_theta == 500);
    CHECK(model.rope_adjacent_pairs);
    CHECK(model.tied_embeddings);
    CHECK(model.bos_token == 1);
    CHECK(model.eos_tokens == std::vector<std::int32_t>{0, 1});
    CHECK(checkpoint.names() == std::vector<std::string>{"model.embed_tokens.weight"});
}

TEST_CASE("Gemma 3's metadata say which layers are local, and how each kind turns") {
    const TemporaryFolder folder;
    const auto gemma = [] {
        GgufBuilder builder;
        builder.text("general.architecture", "gemma3")
            .integer("gemma3.embedding_length", 4)
            .integer("gemma3.feed_forward_length", 4)
            .integer("gemma3.block_count", 7)
            .integer("gemma3.context_length", 16)
            .integer("gemma3.attention.head_count", 1)
            .integer("gemma3.attention.key_length", 8)
            .integer("gemma3.attention.sliding_window", 3)
            .number("gemma3.attention.layer_norm_rms_epsilon", 1e-6f)
            .tensor("token_embd.weight", {4, 2}, f32_type, std::string(32, '\0'));
        return builder;
    };
    const auto read = [&](GgufBuilder builder) {
        return Checkpoint(folder.write("m.gguf", builder.file())).config();
    };
    const ModelConfig model = read(gemma());
    CHECK(model.local_layers == std::vector<bool>{true, true, true, true, true, false, true});
    CHECK(model.sliding_window == 3);
    CHECK(model.head_dim == 8);
    CHECK(model.rope_theta == 1000000);
    CHECK(model.local_rope->theta == 10000);
    CHECK(model.embedding_scale == 2);
    CHECK_FALSE(model.design.norm_offset);

    const ModelConfig other =
        read(gemma()
                 .number("gemma3.rope.freq_base_swa", 500)
                 .text("gemma3.rope.scaling.type", "linear")
                 .number("gemma3.rope.scaling.factor", 8)
                 .array("gemma3.attention.sliding_window_pattern", GgufType::boolean, 7,
                        std::string("\1\0\0\0\0\0\1", 7)));
    CHECK(other.local_layers == std::vector<bool>{true, false, false, false, false, false, true});
    CHECK(other.local_rope->theta == 500);
    CHECK_FALSE(other.local_rope->scaling);
    CHECK(other.rope_scaling->type == RopeType::linear);
    CHECK(other.rope_scaling->factor == 8);
    check_error<std::runtime_error>(
        [&] {
            read(gemma().array("gemma3.attention.sliding_window_pattern", GgufType::boolean, 1,
                               "\1"));
        },
        {"sliding_window_pattern", "7 booleans"});
}

TEST_CASE("factors of rotary embeddings are read from Llama 3's tensor") {
    const TemporaryFolder folder;
    const auto file = folder.write(
        "m.gguf",
        small_model().tensor("rope_freqs.weight", {1}, f32_type, bytes_of_number(8.0f)).file());
    const Checkpoint checkpoint(file);
    CHECK(checkpoint.config().rope_scaling->type == RopeType::longrope);
    CHECK(checkpoint.config().rope_scaling->short_factors == std::vector<double>{8});
    CHECK(checkpoint.config().rope_scaling->long_factors == std::vector<double>{8});
    CHECK_FALSE(checkpoint.contains("rope_freqs.weight"));
}

TEST_CASE("what a GGUF model has that is not known is refused by name") {
    const TemporaryFolder folder;
    const auto refused = [&](GgufBuilder builder, std::initializer_list<const char*> parts) {
        const auto file = folder.write("m.gguf", builder.file());
        check_error<std::runtime_error>([&] { Checkpoint{file}; }, parts);
    };
    refused(GgufBuilder().text("general.architecture", "mamba"),
            {"m.gguf: general.architecture", "llama, qwen2, qwen3, gemma2, gemma3", "\"mamba\""});
    refused(GgufBuilder(), {"m.gguf: general.architecture", "no such key"});
    refused(GgufBuilder().text("general.architecture", "llama"),
            {"m.gguf: llama.embedding_length", "no such key"});
    refused(small_model().integer("llama.attention.secret", 3),
            {"llama.attention.secret", "not known", "found 3"});
    refused(small_model().integer("llama.expert_count", 8), {"llama.expert_count", "found 8"});
    refused(small_model().integer("llama.vocab_size", 3), {"llama.vocab_size", "expected 2"});
    refused(small_model().integer("llama.rope.dimension_count", 1),
            {"llama.rope.dimension_count", "expected 2", "found 1"});
    refused(small_model().text("llama.rope.scaling.type", "yarn"),
            {"llama.rope.scaling.type", "\"none\" or \"linear\"", "\"yarn\""});
    refused(small_model().integer("llama.attention.head_count_kv", 3),
            {"llama.attention.head_count_kv", "divisor", "found 3"});
    refused(small_model().integer("llama.attention.value_length", 4),
            {"llama.attention.value_length", "expected 2", "found 4"});
    refused(small_model().integer("tokenizer.ggml.eos_token_id", 2),
            {"tokenizer.ggml.eos_token_id", "from 0 to 1", "found 2"});
    refused(small_model().tensor("rope_freqs.weight", {1}, f32_type, std::string(4, '\0')),
            {"tensor rope_freqs.weight", "above 0", "found 0"});
    refused(small_model().tensor("rope_freqs.weight", {2}, f32_type, std::string(8, '\0')),
            {"tensor rope_freqs.weight", "expected 1 of F32", "[2] of F32"});
    refused(small_model().tensor("blk.0.secret.weight", {1}, f32_type, std::string(4, '\0')),
            {"tensor blk.0.secret.weight", "not known"});
}

TEST_CASE("a vocabulary without weights is no model, and a type that is not read is named") {
    const TemporaryFolder folder;
    GgufBuilder vocabulary;
    vocabulary.text("general.architecture", "llama")
        .integer("llama.embedding_length", 2)
        .integer("llama.feed_forward_length", 4)
        .integer("llama.block_count", 1)
        .integer("llama.context_length", 16)
        .integer("llama.attention.head_count", 1)
        .number("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    const auto file = folder.write("v.gguf", vocabulary.file());
    check_error<std::runtime_error>([&] { Checkpoint{file}; },
                                    {"token_embd.weight", "a vocabulary without weights"});
    const auto other = folder.write(
        "m.gguf", small_model()
                      .tensor("blk.0.ffn_up.weight", {256}, iq2_xxs_type, std::string(66, 'x'))
                      .file());
    const Checkpoint checkpoint(other);
    check_error<std::runtime_error>([&] { checkpoint.tensor("model.layers.0.mlp.up_proj.weight"); },
                                    {"mlp.up_proj", "Q4_K", "found IQ2_XXS"});
}

TEST_CASE("bytes of a weight are the mean over a GGUF model's layers") {
    const Checkpoint checkpoint(fixture("random_llama.gguf"));
    double bytes = 0;
    double weights = 0;
    for (const std::string& name : checkpoint.names()) {
        const TensorView tensor = checkpoint.tensor(name);
        if (tensor.shape.size() != 2 || name.find("layers") == std::string::npos) continue;
        bytes += static_cast<double>(tensor.bytes.size());
        weights += static_cast<double>(tensor.shape[0] * tensor.shape[1]);
    }
    CHECK(bytes_per_weight(checkpoint) == Approx(bytes / weights));
}

}  // namespace
}  // namespace aircomp::inference
