// SPDX-License-Identifier: GPL-3.0-or-later
// The torch backend against the kernels and against transformers' logits: every family, every type of
// weights, uneven slices, several tokens at once and one by one.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "aircomp/inference/compute.hpp"
#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "errors.hpp"
#include "family_fixture.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::relative_difference;
using test::small_config;
using test::some_tokens;
using test::Team;
using test::TemporaryFolder;

const Compute kernels = {};

Compute torch_of(ComputeType dtype) {
    return {ComputeBackend::torch, "cpu", dtype};
}

/// Both backends round their sums in other orders, as families_test.cpp has it.
constexpr double float32_rounding = 2e-5;

/// Weights and inputs of products have 8 bits (11) of mantissa: 2^-9 (2^-12) each, some dozen times in
/// a row of two layers with random weights, and soft caps lower what errors are compared with.
double rounding_of(ComputeType dtype) {
    return dtype == ComputeType::float32   ? float32_rounding
           : dtype == ComputeType::float16 ? 0.02
                                           : 0.15;
}

/// Types that this libtorch multiplies in on this processor.
std::vector<ComputeType> usable_types() {
    std::vector<ComputeType> types;
    for (const ComputeType type :
         {ComputeType::float32, ComputeType::bfloat16, ComputeType::float16}) {
        try {
            require_compute(torch_of(type));
            types.push_back(type);
        } catch (const std::runtime_error&) {
        }
    }
    return types;
}

/// A prompt at once, then token by token.
std::vector<float> prompt_then_tokens(Team& team, const std::vector<Token>& tokens,
                                      std::size_t prompt) {
    const auto split = tokens.begin() + static_cast<std::ptrdiff_t>(prompt);
    auto logits = team.logits({tokens.begin(), split}, prompt);
    const auto rest = team.logits({split, tokens.end()}, 1, prompt);
    logits.insert(logits.end(), rest.begin(), rest.end());
    return logits;
}

std::vector<float> values_of(std::size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    std::generate(values.begin(), values.end(), [&] { return normal(generator); });
    return values;
}

void check_families(ComputeType dtype, const std::function<bool(const ModelConfig&)>& wanted) {
    for (const auto& entry : std::filesystem::directory_iterator(test::fixtures())) {
        const auto fixture = test::read_fixture(entry.path());
        CAPTURE(entry.path().filename().string(), name_of(dtype));
        const TemporaryFolder folder;
        test::write_model(fixture, folder);
        const Checkpoint checkpoint(folder.path());
        const ModelConfig& config = checkpoint.config();
        if (!wanted(config)) continue;
        const auto tokens = fixture.at("tokens").get<std::vector<Token>>();
        const auto expected = fixture.at("logits").get<std::vector<double>>();
        const auto context = static_cast<std::int64_t>(tokens.size());
        std::mt19937 generator(3);
        for (const std::size_t devices : {1u, 2u, 3u, 5u}) {
            CAPTURE(devices);
            Team team(checkpoint, test::random_slices(config, devices, generator), 1, context,
                      torch_of(dtype));
            const auto found = prompt_then_tokens(team, tokens, tokens.size() / devices);
            REQUIRE(found.size() == expected.size());
            CHECK(relative_difference(expected, found) < rounding_of(dtype));
        }
    }
}

TEST_CASE("torch: logits of every family are those of transformers, whole and over uneven shares") {
    check_families(ComputeType::float32, [](const ModelConfig&) { return true; });
}

TEST_CASE("torch: a type of two bytes keeps the logits within its rounding") {
    // Rounded scores of a router may choose another expert, whatever the sums.
    const auto is_dense = [](const ModelConfig& config) { return config.experts.count == 0; };
    for (const ComputeType type : usable_types())
        if (type != ComputeType::float32) check_families(type, is_dense);
}

TEST_CASE("torch: what this processor multiplies wrongly is refused, and the rest is right") {
    const auto usable = usable_types();
    CHECK(std::count(usable.begin(), usable.end(), ComputeType::float32) == 1);
    for (const ComputeType type : {ComputeType::bfloat16, ComputeType::float16}) {
        if (std::count(usable.begin(), usable.end(), type) != 0) continue;
        check_error<std::runtime_error>(
            [&] { require_compute(torch_of(type)); },
            {"compute.dtype: expected float32", "on cpu are wrong or missing", name_of(type)});
    }
}

TEST_CASE("torch: sums of products in two bytes are not kept in two bytes") {
    ModelConfig config = small_config(4, 2);
    config.layers = 1;
    config.hidden_size = 1024;
    config.ffn_size = 1500;
    RandomModelOptions options;
    options.type = DataType::bf16;
    const Checkpoint checkpoint = random_model(config, options);
    for (const ComputeType type : usable_types()) {
        // Slices of one column as well: small products have code of their own in libtorch.
        for (const Range columns : {Range{0, 1500}, Range{7, 8}}) {
            const Slice slice{{0, 4}, columns};
            for (const std::size_t tokens : {1u, 3u}) {
                CAPTURE(name_of(type), columns.size(), tokens);
                std::vector<std::vector<float>> partials;
                for (const Compute& compute : {kernels, torch_of(type)}) {
                    const DeviceModel device(checkpoint, slice, 1, compute);
                    KvCache cache(config, slice, 10);
                    const auto x = values_of(tokens * 1024, 1);
                    std::vector<float> attention(x.size()), mlp(x.size());
                    device.attention_partial(0, x, 0, cache, attention);
                    device.mlp_partial(0, x, 0, mlp);
                    partials.push_back(attention);
                    partials.push_back(mlp);
                }
                // Three roundings to 8 bits in a row, 2^-9 each; sums in bfloat16 are off by more
                // than a tenth.
                CHECK(relative_difference(partials[0], partials[2]) < 0.02);
                CHECK(relative_difference(partials[1], partials[3]) < 0.02);
            }
        }
    }
}

TEST_CASE("torch: a device that libtorch does not have is refused by the key") {
    const Checkpoint checkpoint = random_model(small_config(4, 2));
    const Slice whole = whole_model(checkpoint.config());
    const auto refuse = [&](const Compute& compute, std::initializer_list<const char*> parts) {
        check_error<std::runtime_error>([&] { DeviceModel(checkpoint, whole, 1, compute); }, parts);
    };
    // No machine has as many.
    refuse({ComputeBackend::torch, "cuda:999", ComputeType::float32},
           {"compute.device: expected cpu", "found cuda:999"});
    refuse({ComputeBackend::kernels, "cuda:0", ComputeType::float32},
           {"compute.device: expected cpu with the backend kernels", "found cuda:0"});
    for (const char* text : {"", "gpu", "cuda", "cuda:", "cuda:x", "cuda:1234"})
        refuse({ComputeBackend::torch, text, ComputeType::float32},
               {"compute.device: expected cpu or cuda:N, found '"});
}

TEST_CASE("torch: blocked weights give the kernels' logits, and take four bytes each") {
    for (const char* file : {"random_llama.gguf", "random_qwen2.gguf", "random_qwen3.gguf",
                             "random_gemma2.gguf", "random_gemma3.gguf"}) {
        CAPTURE(file);
        const Checkpoint checkpoint(std::filesystem::path(AIRCOMP_SOURCE_DIR) /
                                    "test/inference/gguf" / file);
        const ModelConfig& config = checkpoint.config();
        const Compute torch = torch_of(ComputeType::float32);
        const auto tokens = some_tokens(config, 20);
        std::mt19937 generator(5);
        const auto slices = test::random_slices(config, 3, generator);
        Team expected(checkpoint, slices), found(checkpoint, slices, 1, 0, torch);
        CHECK(relative_difference(expected.logits(tokens, 1),
                                  prompt_then_tokens(found, tokens, 11)) < float32_rounding);
        CHECK(bytes_per_weight(checkpoint, torch) == 4);
        CHECK(bytes_per_weight(checkpoint, kernels) == bytes_per_weight(checkpoint));
        for (std::size_t n = 0; n < slices.size(); ++n) {
            CHECK(weight_bytes(config, slices[n], 4) ==
                  static_cast<double>(found.devices()[n].weight_bytes()));
        }
    }
}

TEST_CASE("torch: a quantised folder gives the kernels' logits") {
    for (const char* name : {"gptq", "awq", "int-quantized", "fp8"}) {
        CAPTURE(name);
        const Checkpoint checkpoint(std::filesystem::path(AIRCOMP_SOURCE_DIR) /
                                    "test/inference/quantised" / name);
        const auto tokens = some_tokens(checkpoint.config(), 9);
        std::mt19937 generator(6);
        const auto slices = test::random_slices(checkpoint.config(), 3, generator);
        Team expected(checkpoint, slices);
        Team found(checkpoint, slices, 1, 0, torch_of(ComputeType::float32));
        CHECK(relative_difference(expected.logits(tokens, 1), found.logits(tokens, 4)) <
              float32_rounding);
    }
}

TEST_CASE("torch: a cache that grew holds what one of the same size had held") {
    ModelConfig config = small_config(4, 2);
    config.context = 1000;
    const Checkpoint checkpoint = random_model(config);
    const auto tokens = some_tokens(config, 600);
    const auto logits = [&](std::size_t chunk) {
        return Team(checkpoint, {whole_model(config)}, 2, 0, torch_of(ComputeType::float32))
            .logits(tokens, chunk);
    };
    CHECK(relative_difference(logits(600), logits(100)) < float32_rounding);
}

TEST_CASE("torch: later positions are overwritten, and a half-step repeated gives the same") {
    const ModelConfig config = small_config(4, 2);
    const Checkpoint checkpoint = random_model(config);
    Team team(checkpoint, {whole_model(config)}, 1, 0, torch_of(ComputeType::float32));
    auto tokens = some_tokens(config, 6);
    const auto first = team.attention_partials(0, team.embed(tokens), 0);
    CHECK(team.attention_partials(0, team.embed(tokens), 0) == first);
    const auto last = team.embed(std::vector<Token>{50, 60});
    const auto expected = team.attention_partials(0, last, 2);
    std::reverse(tokens.begin() + 2, tokens.end());
    team.attention_partials(0, team.embed(tokens), 0);
    CHECK(team.attention_partials(0, last, 2) == expected);
}

TEST_CASE("torch: arguments that do not fit the model are refused as with the kernels") {
    for (const bool parallel : {false, true}) {
        ModelConfig config = small_config(4, 2);
        config.design.parallel = parallel;
        const Checkpoint checkpoint = random_model(config);
        const Slice whole = whole_model(config);
        const DeviceModel device(checkpoint, whole, 1, torch_of(ComputeType::float32));
        KvCache cache(config, whole, 10), other(config, Slice{{0, 2}, {0, 0}}, 10);
        std::vector<float> x(64), partial(64), shorter(63);
        const Site site = config.site(0);
        check_error<std::invalid_argument>([&] { device.partial(site, x, 0, cache, shorter); },
                                           {"64", "63"});
        check_error<std::invalid_argument>([&] { device.partial(site, x, 0, other, partial); },
                                           {"2 KV groups", "of 1"});
        check_error<std::length_error>([&] { device.partial(site, x, 10, cache, partial); },
                                       {"at most 10 tokens", "found 11"});
        Site beyond = site;
        beyond.layer = 3;
        CHECK_THROWS_AS(device.partial(beyond, x, 0, cache, partial), std::out_of_range);
    }
}

TEST_CASE("torch: a device that holds nothing contributes zeros") {
    for (const bool parallel : {false, true}) {
        ModelConfig config = small_config(4, 2);
        config.design.parallel = parallel;
        const Checkpoint checkpoint = random_model(config);
        Team team(checkpoint, {Slice{{1, 1}, {3, 3}}}, 1, 0, torch_of(ComputeType::float32));
        const auto x = team.embed(some_tokens(config, 3));
        CHECK(team.partials(config.site(0), x, 0).front() == std::vector<float>(x.size(), 0.0f));
        CHECK(team.devices().front().weight_bytes() == 0);
    }
}

/// What a site's observer saw.
struct Seen {
    std::vector<float> h, a, partial;
};

TEST_CASE("torch: predictions, codes and observers see what they see of the kernels") {
    const ModelConfig config = small_config(6, 2);
    const Checkpoint checkpoint = random_model(config);
    const Slice slice{{1, 5}, {20, 100}};
    auto predictions = std::make_shared<SitePredictions>();
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        SitePrediction prediction;
        prediction.width = input_width(config, config.site(index));
        prediction.rank = 5;
        const auto width = static_cast<std::size_t>(prediction.width);
        const auto seed = static_cast<unsigned>(10 * index);
        prediction.right = values_of(5 * 64, seed);
        prediction.left = values_of(width * 5, seed + 1);
        prediction.first = values_of(width, seed + 2);
        prediction.sum_left = values_of(64 * 5, seed + 3);
        prediction.first_sum = values_of(64, seed + 4);
        predictions->push_back(prediction);
    }
    const auto run = [&](const Compute& compute, bool codes) {
        DeviceModel device(checkpoint, slice, 1, compute);
        KvCache cache(config, slice, 20);
        std::vector<Seen> all;
        std::vector<float> uncoded;
        device.leave_out(predictions);
        if (codes) {
            device.observe([&](const SiteInputs& inputs) {
                all.push_back({{inputs.h.begin(), inputs.h.end()},
                               {inputs.a.begin(), inputs.a.end()},
                               {inputs.partial.begin(), inputs.partial.end()}});
            });
            device.code_inputs(
                [](const Site&, gsl::span<float> inputs) {
                    for (float& value : inputs)
                        value = std::round(8 * value) / 8;
                },
                [&](gsl::span<const float> partial) {
                    uncoded.assign(partial.begin(), partial.end());
                });
        }
        std::int64_t position = 0;
        for (const std::int64_t tokens : {3, 1, 2}) {
            for (std::int64_t index = 0; index < config.sites(); ++index) {
                const auto x =
                    values_of(static_cast<std::size_t>(tokens) * 64, static_cast<unsigned>(index));
                std::vector<float> partial(x.size());
                device.partial(config.site(index), x, position, cache, partial);
                all.push_back({x, uncoded, partial});
            }
            position += tokens;
        }
        all.push_back({{}, device.output_weights(config.site(1)), {}});
        return all;
    };
    for (const bool codes : {false, true}) {
        const auto expected = run(kernels, codes);
        const auto found = run(torch_of(ComputeType::float32), codes);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CAPTURE(codes, i);
            for (const auto member : {&Seen::h, &Seen::a, &Seen::partial}) {
                REQUIRE((found[i].*member).size() == (expected[i].*member).size());
                // A value at a code's edge may fall on either side: those cost the partial up to
                // an eighth of a weight.
                const double bound = codes && member != &Seen::h ? 0.05 : float32_rounding;
                if (!(expected[i].*member).empty())
                    CHECK(relative_difference(expected[i].*member, found[i].*member) < bound);
            }
        }
    }
}

}  // namespace
}  // namespace aircomp::inference
