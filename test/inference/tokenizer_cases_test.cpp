// SPDX-License-Identifier: GPL-3.0-or-later
// Ids of all kinds of tokenizer.json against those of Hugging Face's tokenizers, which
// tokenizer_equality.py stored in tokenizer_cases.json.
#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using nlohmann::json;

/// The tokenizer.json of one case.
json document_of(const json& fixture, const json& item) {
    json model = fixture.at("models").at(item.at("model").get<std::string>());
    model.update(item.at("change"));
    json added = fixture.at("added_tokens");
    for (json& token : added)
        token["id"] = token.at("id").get<std::size_t>() + model.at("vocab").size();
    return {{"added_tokens", added},
            {"normalizer", item.at("normalizer")},
            {"pre_tokenizer", item.at("pre_tokenizer")},
            {"post_processor", nullptr},
            {"decoder", nullptr},
            {"model", model}};
}

TEST_CASE("ids are those of Hugging Face's tokenizers, whatever the kind") {
    std::ifstream file(std::string(AIRCOMP_SOURCE_DIR) + "/test/inference/tokenizer_cases.json");
    const json fixture = json::parse(file);
    const auto texts = fixture.at("texts").get<std::vector<std::string>>();
    REQUIRE(fixture.at("cases").size() >= 30);
    for (const json& item : fixture.at("cases")) {
        const test::TemporaryFolder folder;
        folder.write("tokenizer.json", document_of(fixture, item).dump());
        const auto tokenizer = load_tokenizer(folder.path());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            CAPTURE(item.at("name").get<std::string>(), texts[i]);
            CHECK(tokenizer->encode(texts[i]) == item.at("ids").at(i).get<std::vector<Token>>());
        }
    }
}

}  // namespace
}  // namespace aircomp::inference
