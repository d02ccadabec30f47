// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer, cut and whole: partials against the unsplit layer, logits against NumPy.
#include "aircomp/inference/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "aircomp/inference/random_model.hpp"
#include "errors.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;

namespace {

/// The parts of a sum rounded one by one and the whole rounded once differ by a few units in the
/// last place of the largest part; sums of up to 200 products are behind each.
constexpr double float32_rounding = 5e-6;

ModelConfig llama3_config() {
    ModelConfig config = small_config(8, 2);
    config.rope_theta = 500000;
    // Wavelengths of the 8 frequencies are 6 to 600,000: kept, interpolated and scaled ones occur.
    config.rope_scaling = RopeScaling{8, 1, 4, 128};
    config.tied_embeddings = true;
    return config;
}

ModelConfig mistral_config() {
    ModelConfig config = small_config(6, 2);
    config.architecture = "MistralForCausalLM";
    config.head_dim = 24;  // not hidden_size / heads
    return config;
}

ModelConfig qwen2_config() {
    ModelConfig config = small_config(4, 2);
    config.architecture = "Qwen2ForCausalLM";
    config.qkv_bias = true;
    config.rms_norm_epsilon = 1e-6;
    config.rope_theta = 1000000;
    config.tied_embeddings = true;
    return config;
}

/// Logits of reference_model.py, [tokens, vocabulary_size].
std::vector<double> reference_logits(const std::filesystem::path& folder,
                                     const std::vector<Token>& tokens) {
    std::string command = std::string(AIRCOMP_PYTHON) + " " + AIRCOMP_SOURCE_DIR +
                          "/test/inference/reference_model.py " + folder.string() + " ";
    for (const Token token : tokens)
        command += std::to_string(token) + ",";
    command.pop_back();
    std::FILE* const output = ::popen(command.c_str(), "r");
    REQUIRE(output != nullptr);
    std::vector<double> logits;
    double value = 0;
    while (std::fscanf(output, "%lf", &value) == 1)
        logits.push_back(value);
    REQUIRE(::pclose(output) == 0);
    return logits;
}

void check_splits(const ModelConfig& config, const RandomModelOptions& options, int splits) {
    const Checkpoint checkpoint = random_model(config, options);
    const auto tokens = some_tokens(config, 9);
    std::mt19937 generator(1);
    for (int split = 0; split < splits; ++split) {
        const auto devices = static_cast<std::size_t>(split % 8 + 1);
        Team whole(checkpoint, {whole_model(config)});
        Team team(checkpoint, random_slices(config, devices, generator));
        // Five tokens at once, then one by one: both ways of computing a product.
        for (const auto& [begin, count] : {std::pair{0, 5}, {5, 1}, {6, 1}}) {
            const auto x = whole.embed({tokens.data() + begin, static_cast<std::size_t>(count)});
            const std::int64_t layer = split % config.layers;
            const auto attention = Team::sum(whole.attention_partials(layer, x, begin));
            const auto mlp = Team::sum(whole.mlp_partials(layer, x));
            CAPTURE(split, devices, begin);
            REQUIRE(relative_difference(attention, Team::sum(team.attention_partials(
                                                       layer, x, begin))) < float32_rounding);
            REQUIRE(relative_difference(mlp, Team::sum(team.mlp_partials(layer, x))) <
                    float32_rounding);
        }
    }
}

}  // namespace

TEST_CASE("partials of any split sum to the unsplit layer, with grouped queries") {
    check_splits(small_config(12, 4), {}, 150);
}

TEST_CASE("partials of any split sum to the unsplit layer, with a head a group") {
    check_splits(small_config(8, 8), {}, 150);
}

TEST_CASE("partials of any split sum to the unsplit layer, with fewer KV groups than devices") {
    check_splits(small_config(9, 3), {}, 100);
    check_splits(small_config(12, 1), {}, 60);
}

TEST_CASE("partials of any split sum to the unsplit layer, where halves read the same stream") {
    ModelConfig config = small_config(9, 3);
    config.design.parallel = true;
    const Checkpoint checkpoint = random_model(config);
    std::mt19937 generator(4);
    for (std::size_t devices = 1; devices <= 12; ++devices) {
        Team whole(checkpoint, {whole_model(config)});
        Team team(checkpoint, random_slices(config, devices, generator));
        const auto x = whole.embed(some_tokens(config, 5));
        const Site site = config.site(1);
        CHECK(site.kind == SiteKind::block);
        CHECK(relative_difference(Team::sum(whole.partials(site, x, 0)),
                                  Team::sum(team.partials(site, x, 0))) < float32_rounding);
    }
}

TEST_CASE("a cache that grew holds what one of the same size had held") {
    ModelConfig config = small_config(4, 2);
    config.context = 1000;
    const Checkpoint checkpoint = random_model(config);
    const auto tokens = some_tokens(config, 600);
    // From 256 positions to 512 and 1000 on the way, or to 600 at once.
    const auto grown = Team(checkpoint, {whole_model(config)}).logits(tokens, 100);
    const auto at_once = Team(checkpoint, {whole_model(config)}).logits(tokens, 600);
    CHECK(relative_difference(at_once, grown) < 3 * float32_rounding);
}

TEST_CASE("a sum of another size than the stream is refused") {
    const Checkpoint checkpoint = random_model(small_config(4, 2));
    const Residual residual(checkpoint);
    std::vector<float> sum(64), x(128);
    check_error<std::invalid_argument>([&] { residual.add({}, sum, x); }, {"128", "found 64"});
}

TEST_CASE("biases are split with their rows") {
    check_splits(qwen2_config(), {}, 50);
}

TEST_CASE("partials of any split sum to the unsplit layer, with outliers in half precision") {
    RandomModelOptions options;
    options.massive_activation = 2000;
    options.outlier_factor = 30;
    for (const DataType type : {DataType::f16, DataType::bf16}) {
        options.type = type;
        check_splits(small_config(8, 4), options, 30);
    }
}

TEST_CASE("a device that holds nothing contributes zeros") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    Team team(checkpoint, {Slice{{1, 1}, {3, 3}}});
    const auto x = team.embed(some_tokens(config, 3));
    const std::vector<float> zeros(x.size(), 0.0f);
    CHECK(team.attention_partials(0, x, 0).front() == zeros);
    CHECK(team.mlp_partials(0, x).front() == zeros);
    CHECK(DeviceModel(checkpoint, Slice{{1, 1}, {3, 3}}, 1).weight_bytes() == 0);
}

TEST_CASE("logits agree with an independent implementation, for every architecture and type") {
    struct Case {
        const char* name;
        ModelConfig config;
    };
    for (const Case& model : {Case{"Llama 2", small_config(6, 3)}, Case{"Llama 3", llama3_config()},
                              Case{"Mistral", mistral_config()}, Case{"Qwen2", qwen2_config()}}) {
        for (const DataType type : {DataType::f32, DataType::f16, DataType::bf16}) {
            CAPTURE(model.name, static_cast<int>(type));
            const TemporaryFolder folder;
            RandomModelOptions options;
            options.type = type;
            write_random_model(folder.path(), model.config, options);
            const auto tokens = some_tokens(model.config, 60);
            const auto expected = reference_logits(folder.path(), tokens);
            const Checkpoint checkpoint(folder.path());
            std::mt19937 generator(7);
            Team team(checkpoint, random_slices(model.config, 3, generator), 2);
            const auto found = team.logits(tokens, 25);
            REQUIRE(found.size() == expected.size());
            // The reference uses the same stored weights, so that only float32 rounding remains:
            // 6e-8 a step, over three layers well below 1e-5 of the largest logit.
            CHECK(relative_difference(expected, found) < 1e-5);
        }
    }
}

TEST_CASE("rotary pairs that lie side by side are halves with the rows of q and k reordered") {
    ModelConfig config = small_config(4, 2);
    RandomModelOptions options;
    const Checkpoint halves = random_model(config, options);
    // Row 2i + j of a head is what row i + j * head_dim / 2 was.
    std::vector<TensorView> tensors;
    auto memory = std::make_shared<std::vector<std::vector<std::byte>>>();
    for (const std::string& name : halves.names()) {
        TensorView tensor = halves.tensor(name);
        if (name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos) {
            const std::size_t row = static_cast<std::size_t>(config.hidden_size) * sizeof(float);
            std::vector<std::byte>& moved = memory->emplace_back(tensor.bytes.size());
            for (std::size_t r = 0; r < moved.size() / row; ++r) {
                const std::size_t from = r / 16 * 16 + r % 16 / 2 + r % 2 * 8;
                std::copy_n(tensor.bytes.begin() + static_cast<std::ptrdiff_t>(from * row), row,
                            moved.begin() + static_cast<std::ptrdiff_t>(r * row));
            }
            tensor.bytes = moved;
        }
        tensors.push_back(tensor);
    }
    config.rope_adjacent_pairs = true;
    const Checkpoint adjacent = Checkpoint::from_tensors(config, tensors, memory);
    const auto tokens = some_tokens(config, 20);
    CHECK(relative_difference(Team(halves, {whole_model(config)}).logits(tokens, 7),
                              Team(adjacent, {whole_model(config)}).logits(tokens, 7)) <
          float32_rounding);
    // The layout is not ignored.
    config.rope_adjacent_pairs = false;
    const Checkpoint wrong = Checkpoint::from_tensors(config, tensors, memory);
    CHECK(relative_difference(Team(halves, {whole_model(config)}).logits(tokens, 7),
                              Team(wrong, {whole_model(config)}).logits(tokens, 7)) > 0.01);
}

TEST_CASE("outliers do not cost the logits their precision") {
    const ModelConfig config = small_config(8, 2);
    const TemporaryFolder folder;
    RandomModelOptions options;
    options.massive_activation = 3000;
    options.outlier_factor = 30;
    write_random_model(folder.path(), config, options);
    const auto tokens = some_tokens(config, 12);
    const auto expected = reference_logits(folder.path(), tokens);
    const Checkpoint checkpoint(folder.path());
    Team team(checkpoint, {whole_model(config)});
    CHECK(relative_difference(expected, team.logits(tokens, 12)) < 1e-4);
}

TEST_CASE("prefill in chunks equals decoding token by token") {
    for (const DataType type : {DataType::f32, DataType::bf16}) {
        RandomModelOptions options;
        options.type = type;
        const ModelConfig config = small_config(8, 2);
        const Checkpoint checkpoint = random_model(config, options);
        const auto tokens = some_tokens(config, 40);
        const auto slices = make_slices(config, {{3, 5}, {71, 100}});
        const auto decoded = Team(checkpoint, slices).logits(tokens, 1);
        for (const std::size_t chunk : {2u, 7u, 16u, 40u}) {
            CAPTURE(chunk);
            CHECK(relative_difference(decoded, Team(checkpoint, slices).logits(tokens, chunk)) <
                  float32_rounding);
        }
    }
}

TEST_CASE("threads change nothing") {
    const ModelConfig config = small_config(8, 2);
    const Checkpoint checkpoint = random_model(config);
    const auto tokens = some_tokens(config, 20);
    const auto alone = Team(checkpoint, {whole_model(config)}, 1).logits(tokens, 1);
    CHECK(Team(checkpoint, {whole_model(config)}, 4).logits(tokens, 1) == alone);
}

TEST_CASE("a half-step repeated gives the same, and later positions are overwritten") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    Team team(checkpoint, {whole_model(config)});
    const auto tokens = some_tokens(config, 6);
    const auto x = team.embed(tokens);
    const auto first = team.attention_partials(0, x, 0);
    CHECK(team.attention_partials(0, x, 0) == first);

    // Back to position 2 with other tokens: whatever stood there and after leaves no trace. As many
    // tokens in both caches, for a product's rounding may depend on its shape.
    Team fresh(checkpoint, {whole_model(config)});
    auto different = tokens;
    for (std::size_t i = 2; i < different.size(); ++i)
        different[i] = static_cast<Token>(different[i] + 1) % 97;
    fresh.attention_partials(0, fresh.embed(different), 0);
    const auto other = team.embed(std::vector<Token>{50, 60});
    CHECK(team.attention_partials(0, other, 2) == fresh.attention_partials(0, other, 2));
}

TEST_CASE("a sequence beyond the cache is refused with the limit") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    const DeviceModel device(checkpoint, whole_model(config), 1);
    KvCache cache(config, whole_model(config), 10);
    const std::vector<float> x(static_cast<std::size_t>(3 * config.hidden_size), 1.0f);
    std::vector<float> partial(x.size());
    device.attention_partial(0, x, 7, cache, partial);
    check_error<std::length_error>([&] { device.attention_partial(0, x, 8, cache, partial); },
                                   {"at most 10 tokens", "found 11"});
    check_error<std::invalid_argument>([&] { KvCache(config, whole_model(config), 129); },
                                       {"128", "129"});
}

TEST_CASE("arguments that do not fit the model are refused") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    const Slice whole = whole_model(config);
    const DeviceModel device(checkpoint, whole, 1);
    KvCache cache(config, whole, 10);
    KvCache other(config, Slice{{0, 2}, {0, 0}}, 10);
    std::vector<float> x(64), partial(64), shorter(63);
    const auto check = [](auto&& action, std::initializer_list<const char*> parts) {
        check_error<std::invalid_argument>(action, parts);
    };
    check([&] { device.mlp_partial(0, x, 0, shorter); }, {"64", "63"});
    check([&] { device.attention_partial(0, x, 0, other, partial); }, {"2 KV groups", "of 1"});
    check([&] { device.attention_partial(0, x, -1, cache, partial); }, {"position", "-1"});
    check([&] { DeviceModel(checkpoint, Slice{{0, 5}, {0, 0}}, 1); }, {"query heads", "[0, 5)"});
    check([&] { DeviceModel(checkpoint, whole, 0); }, {"threads", "found 0"});
    CHECK_THROWS_AS(device.mlp_partial(3, x, 0, partial), std::out_of_range);

    const CoordinatorModel coordinator(checkpoint, 1);
    check_error<std::out_of_range>([&] { coordinator.embed(std::vector<Token>{97}, x); },
                                   {"token 0", "96", "found 97"});
    check_error<std::out_of_range>([&] { coordinator.embed(std::vector<Token>{-1}, x); },
                                   {"found -1"});
}

TEST_CASE("weight bytes are those that a token reads") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    const std::size_t attention = 64 * (4 + 2 + 2 + 4) * 16;
    const std::size_t mlp = 3 * 64 * 171;
    CHECK(DeviceModel(checkpoint, whole_model(config), 1).weight_bytes() ==
          3 * 4 * (attention + mlp));
    CHECK(DeviceModel(checkpoint, Slice{{0, 2}, {0, 57}}, 1).weight_bytes() ==
          3 * 4 * (attention / 2 + mlp / 3));
    CHECK(CoordinatorModel(checkpoint, 1).weight_bytes() == 4 * 97 * 64);
}
