// SPDX-License-Identifier: GPL-3.0-or-later
// Every family against Hugging Face's transformers, whole and cut: family_fixtures.py made the
// values, and its docstring says how.
#include "aircomp/inference/model_config.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "errors.hpp"
#include "family_fixture.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;
using nlohmann::json;

namespace {

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
