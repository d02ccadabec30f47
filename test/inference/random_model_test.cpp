// SPDX-License-Identifier: GPL-3.0-or-later
// Random models are what they say: repeatable, and with the outliers that were asked for.
#include "aircomp/inference/random_model.hpp"

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;

namespace {

double median_magnitude(std::vector<float> values) {
    for (float& value : values)
        value = std::abs(value);
    std::sort(values.begin(), values.end());
    return double{values[values.size() / 2]};
}

double largest_over_median(const std::vector<float>& values) {
    const double median = median_magnitude(values);
    double largest = 0;
    for (const float value : values)
        largest = std::max(largest, std::abs(double{value}));
    return largest / median;
}

std::vector<float> first_mlp_sum(Team& team, Token token) {
    auto x = team.embed(std::vector<Token>{token});
    const auto z = Team::sum(team.attention_partials(0, x, 0));
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] += z[i];
    return Team::sum(team.mlp_partials(0, x));
}

}  // namespace

TEST_CASE("the same seed gives the same model, in memory and in a folder, another seed another") {
    const ModelConfig config = small_config(4, 2);
    RandomModelOptions options;
    options.type = DataType::bf16;
    const Checkpoint memory = random_model(config, options);
    const TemporaryFolder folder;
    write_random_model(folder.path(), config, options);
    const Checkpoint file(folder.path());
    options.seed = 2;
    const Checkpoint other = random_model(config, options);

    CHECK(memory.names() == file.names());
    const auto bytes = [](const Checkpoint& checkpoint) {
        return checkpoint.tensor("model.layers.1.mlp.up_proj.weight", {171, 64}).bytes;
    };
    CHECK(std::equal(bytes(memory).begin(), bytes(memory).end(), bytes(file).begin()));
    CHECK_FALSE(std::equal(bytes(memory).begin(), bytes(memory).end(), bytes(other).begin()));
}

TEST_CASE("activations of a random model stay near 1") {
    const ModelConfig config = small_config(8, 2);
    const Checkpoint checkpoint = random_model(config);
    const auto logits = Team(checkpoint, {whole_model(config)}).logits(some_tokens(config, 20), 20);
    CHECK(median_magnitude(logits) > 0.3);
    CHECK(median_magnitude(logits) < 1.5);
}

TEST_CASE("massive activations appear for BOS alone, thousands of times the typical value") {
    RandomModelOptions options;
    options.massive_activation = 3000;
    for (const std::int64_t hidden : {64, 512}) {
        ModelConfig config = small_config(8, 2);
        config.hidden_size = hidden;
        const Checkpoint checkpoint = random_model(config, options);
        Team team(checkpoint, {whole_model(config)});
        CAPTURE(hidden);
        CHECK(largest_over_median(first_mlp_sum(team, *config.bos_token)) > 1500);
        CHECK(largest_over_median(first_mlp_sum(team, *config.bos_token)) < 20000);
        CHECK(largest_over_median(first_mlp_sum(team, 5)) < 20);
    }
}

TEST_CASE("outlier channels are the same for every token and layer") {
    const ModelConfig config = small_config(8, 2);
    RandomModelOptions options;
    options.outlier_factor = 30;
    const Checkpoint checkpoint = random_model(config, options);
    Team team(checkpoint, {whole_model(config)});
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
        const auto x = team.embed(some_tokens(config, 20));
        for (const auto& z : {Team::sum(team.attention_partials(layer, x, 0)),
                              Team::sum(team.mlp_partials(layer, x))}) {
            std::vector<float> outliers, others;
            for (std::size_t i = 0; i < z.size(); ++i) {
                const std::size_t channel = i % 64;
                const bool is_outlier = channel == 8 || channel == 24 || channel == 40;
                (is_outlier ? outliers : others).push_back(z[i]);
            }
            const double ratio = median_magnitude(outliers) / median_magnitude(others);
            CHECK(ratio > 15);
            CHECK(ratio < 60);
        }
    }
}

TEST_CASE("outliers in a model too narrow for them are refused") {
    ModelConfig config = small_config(1, 1);
    config.hidden_size = 8;
    RandomModelOptions options;
    options.massive_activation = 1000;
    CHECK_THROWS_WITH(random_model(config, options), Catch::Contains("at least 16, found 8"));
}

TEST_CASE("random models are Llama's, Mistral's and Qwen2's alone") {
    ModelConfig config = small_config(1, 1);
    config.architecture = "Gemma2ForCausalLM";
    CHECK_THROWS_WITH(random_model(config), Catch::Contains("found \"Gemma2ForCausalLM\""));
}
