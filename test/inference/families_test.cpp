// SPDX-License-Identifier: GPL-3.0-or-later
// Every family against Hugging Face's transformers, whole and cut: family_fixtures.py made the
// values, and its docstring says how.
#include "aircomp/inference/model_config.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint_writer.hpp"
#include "errors.hpp"
#include "support/catch.hpp"
#include "team.hpp"
#include "temporary_folder.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;
using nlohmann::json;

namespace {

std::filesystem::path fixtures() {
    return std::filesystem::path(AIRCOMP_SOURCE_DIR) / "test/inference/families";
}

json read_fixture(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return json::parse(stream);
}

/// FNV-1a of 64 bits.
std::uint64_t hash_of(const std::string& name) {
    std::uint64_t value = 0xcbf29ce484222325u;
    for (const char c : name)
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return value;
}

/// The values that family_fixtures.py gives a tensor.
std::vector<float> weights(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t count = 1;
    for (const std::int64_t size : shape)
        count *= static_cast<std::size_t>(size);
    const bool is_norm = name.size() > 7 && name.compare(name.size() - 7, 7, ".weight") == 0;
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t state = hash_of(name) + (i + 1) * 0x9e3779b97f4a7c15u;
        state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
        state = (state ^ state >> 27) * 0x94d049bb133111ebu;
        state = state ^ state >> 31;
        const double uniform = static_cast<double>(state >> 40) / 0x1p23 - 1;
        const double value = shape.size() > 1
                                 ? uniform * (3 / std::sqrt(static_cast<double>(shape.back())))
                                 : (is_norm ? 1 : 0) + 0.25 * uniform;
        values[i] = static_cast<float>(value);
    }
    return values;
}

/// Writes the fixture's model as a folder.
void write_model(const json& fixture, const TemporaryFolder& folder) {
    std::vector<std::vector<float>> memory;
    std::vector<TensorView> tensors;
    for (const auto& item : fixture.at("tensors").items()) {
        const auto shape = item.value().get<std::vector<std::int64_t>>();
        memory.push_back(weights(item.key(), shape));
        tensors.push_back({item.key(), DataType::f32, shape, {}});
    }
    for (std::size_t i = 0; i < tensors.size(); ++i)
        tensors[i].bytes = gsl::as_bytes(gsl::span<const float>(memory[i]));
    write_safetensors(folder.path() / "model.safetensors", tensors);
    folder.write("config.json", fixture.at("config").dump());
}

/// Both sides compute in float32 and round their sums in other orders: 6e-8 a step, which layers
/// and scores near the soft maximum's kinks enlarge.
constexpr double float32_rounding = 2e-5;

}  // namespace

TEST_CASE("logits of every family are those of transformers, whole and over uneven shares") {
    for (const auto& entry : std::filesystem::directory_iterator(fixtures())) {
        const json fixture = read_fixture(entry.path());
        CAPTURE(entry.path().filename().string());
        const TemporaryFolder folder;
        write_model(fixture, folder);
        const Checkpoint checkpoint(folder.path());
        const ModelConfig& config = checkpoint.config();
        const auto tokens = fixture.at("tokens").get<std::vector<Token>>();
        const auto expected = fixture.at("logits").get<std::vector<double>>();
        const auto context = static_cast<std::int64_t>(tokens.size());
        const auto check = [&](const std::vector<Slice>& slices, std::size_t chunk) {
            CAPTURE(slices.size(), chunk);
            Team team(checkpoint, slices, 1, context);
            const auto found = team.logits(tokens, chunk);
            REQUIRE(found.size() == expected.size());
            CHECK(relative_difference(expected, found) < float32_rounding);
        };
        check({whole_model(config)}, tokens.size());
        check({whole_model(config)}, 1);
        std::mt19937 generator(3);
        for (const std::size_t devices : {2u, 3u, 5u})
            check(random_slices(config, devices, generator), devices);
    }
}

TEST_CASE("every family has a fixture") {
    std::set<std::string> tested;
    for (const auto& entry : std::filesystem::directory_iterator(fixtures()))
        tested.insert(read_fixture(entry.path())["config"]["architectures"][0].get<std::string>());
    const auto known = known_architectures();
    CHECK(tested == std::set<std::string>(known.begin(), known.end()));
}

TEST_CASE("a key that changes the model and is not known is refused, in every family") {
    for (const auto& entry : std::filesystem::directory_iterator(fixtures())) {
        json config = read_fixture(entry.path())["config"];
        CAPTURE(entry.path().filename().string());
        const TemporaryFolder folder;
        config["novel_attention_trick"] = nullptr;
        CHECK_NOTHROW(read_model_config(folder.write("config.json", config.dump())));
        config["novel_attention_trick"] = 3;
        const auto read = [&] { read_model_config(folder.write("config.json", config.dump())); };
        check_error<std::runtime_error>(
            read, {"config.json: novel_attention_trick: expected no such key", "found 3"});
    }
}
