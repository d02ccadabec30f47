// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json: ids against an independent implementation, round trips, and every refusal.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "aircomp/inference/tokenizer.hpp"
#include "errors.hpp"
#include "random_text.hpp"
#include "support/catch.hpp"
#include "temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using nlohmann::json;
using test::check_error;
using test::TemporaryFolder;

json read(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return json::parse(stream);
}

/// A folder with a small trained tokenizer.json and, in cases.json, what texts encode to.
class ReferenceFolder : public TemporaryFolder {
public:
    explicit ReferenceFolder(const std::string& kind) {
        const std::string command = std::string(AIRCOMP_PYTHON) + " " + AIRCOMP_SOURCE_DIR +
                                    "/test/inference/bpe_reference.py " + kind + " 1 " +
                                    path().string();
        if (std::system(command.c_str()) != 0) throw std::runtime_error(command + " failed");
    }

    json tokenizer_json() const { return read(path() / "tokenizer.json"); }
    void write_tokenizer(const json& document) const { write("tokenizer.json", document.dump()); }
};

/// Loads the reference's tokenizer with `change` made to it, which has to fail.
template <typename Change>
void check_refused(const ReferenceFolder& folder, const json& valid, Change&& change,
                   std::initializer_list<const char*> parts) {
    json document = valid;
    change(document);
    folder.write_tokenizer(document);
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); }, {"tokenizer.json: "});
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); }, parts);
}

TEST_CASE("ids are those of an independent implementation") {
    const std::string kind = GENERATE("llama3", "qwen2", "gpt2");
    CAPTURE(kind);
    const ReferenceFolder folder(kind);
    const auto tokenizer = load_tokenizer(folder.path());
    for (const json& item : read(folder.path() / "cases.json")) {
        const auto text = item.at("text").get<std::string>();
        CAPTURE(text);
        const std::vector<Token> tokens = tokenizer->encode(text);
        CHECK(tokens == item.at("ids").get<std::vector<Token>>());
        CHECK(tokenizer->decode_text(tokens) == item.at("decoded").get<std::string>());
    }
}

TEST_CASE("any text comes back from its tokens") {
    const ReferenceFolder folder("llama3");
    const auto tokenizer = load_tokenizer(folder.path());
    std::mt19937_64 generator(7);
    for (int i = 0; i < 500; ++i) {
        const std::string text = test::random_text(generator, 200);
        CHECK(tokenizer->decode_text(tokenizer->encode(text)) == text);
    }
}

TEST_CASE("added tokens have ids and texts, and special ones are silent") {
    const ReferenceFolder folder("gpt2");
    const auto tokenizer = load_tokenizer(folder.path());
    const json added = folder.tokenizer_json().at("added_tokens");
    const Token begin = added[0].at("id").get<Token>();
    CHECK(tokenizer->size() == begin + 3);
    CHECK(tokenizer->decode(begin).empty());
    CHECK(tokenizer->decode(begin + 1).empty());  // an id that nothing has
    CHECK(tokenizer->decode(begin + 2) == "<tool>");
    for (const Token token : tokenizer->encode("<|begin|><tool>"))
        CHECK(token < begin);
    check_error<std::out_of_range>([&] { tokenizer->decode(-1); }, {"-1", "0 to"});
    check_error<std::out_of_range>([&] { tokenizer->decode(begin + 3); }, {"expected 0 to"});
}

TEST_CASE("tokenizer_config.json, then config.json say what texts begin and end with") {
    const ReferenceFolder folder("llama3");
    const Token begin = folder.tokenizer_json().at("added_tokens")[0].at("id").get<Token>();
    const auto load = [&] { return load_tokenizer(folder.path()); };
    CHECK_FALSE(load()->bos());
    CHECK_FALSE(load()->eos());

    folder.write("config.json", R"({"bos_token_id": 5, "eos_token_id": [7, 8]})");
    CHECK(load()->bos() == 5);
    CHECK(load()->eos() == 7);

    folder.write("tokenizer_config.json", R"({"bos_token": "<|begin|>"})");
    CHECK(load()->bos() == begin);
    CHECK(load()->eos() == 7);

    folder.write("tokenizer_config.json",
                 R"({"bos_token": {"content": "<|begin|>"}, "eos_token": null})");
    CHECK(load()->bos() == begin);
    CHECK_FALSE(load()->eos());

    folder.write("tokenizer_config.json", R"({"bos_token": "<s>"})");
    check_error<std::runtime_error>(load, {"tokenizer_config.json", "bos_token", "<s>"});
    folder.write("tokenizer_config.json", "{}");
    folder.write("config.json", R"({"bos_token_id": 100000})");
    check_error<std::runtime_error>(load, {"config.json", "bos_token_id", "100000"});
}

TEST_CASE("digits are cut one by one or together where a Digits step says so") {
    const ReferenceFolder folder("gpt2");
    json document = folder.tokenizer_json();
    const json byte_level = document["pre_tokenizer"];
    const auto tokens_of = [&](bool individual) {
        document["pre_tokenizer"] = {
            {"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Digits"}, {"individual_digits", individual}}, byte_level}}};
        document["model"]["vocab"]["12"] = 900;
        document["model"]["merges"].push_back("1 2");
        document["added_tokens"] = json::array();
        folder.write_tokenizer(document);
        document["model"]["merges"].erase(document["model"]["merges"].size() - 1);
        return load_tokenizer(folder.path())->encode("12").size();
    };
    CHECK(tokens_of(true) == 2);
    CHECK(tokens_of(false) == 1);
}

TEST_CASE("models and steps that are not implemented are refused by their names") {
    const ReferenceFolder folder("llama3");
    const json valid = folder.tokenizer_json();
    const auto refuse = [&](const char* pointer, const json& value,
                            std::initializer_list<const char*> parts) {
        CAPTURE(pointer, value);
        check_refused(
            folder, valid, [&](json& d) { d[json::json_pointer(pointer)] = value; }, parts);
    };
    refuse("/model/type", "WordPiece", {"model.type", "\"BPE\"", "WordPiece"});
    refuse("/model/type", "Unigram", {"model.type", "Unigram"});
    refuse("/model/dropout", 0.1, {"model.dropout", "0.1"});
    refuse("/model/byte_fallback", true, {"model.byte_fallback", "true"});
    refuse("/model/continuing_subword_prefix", "##", {"continuing_subword_prefix", "##"});
    refuse("/model/end_of_word_suffix", "</w>", {"end_of_word_suffix", "</w>"});
    refuse("/normalizer", {{"type", "Lowercase"}}, {"normalizer.type", "Lowercase"});
    refuse("/normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "NFKC"}}}}},
           {"normalizer.normalizers[0].type", "NFKC"});
    refuse("/pre_tokenizer", {{"type", "Metaspace"}}, {"pre_tokenizer.type", "Metaspace"});
    refuse("/pre_tokenizer", nullptr, {"pre_tokenizer", "null"});
    refuse("/pre_tokenizer/pretokenizers", json::array(), {"pretokenizers", "at least one"});
    refuse("/pre_tokenizer/pretokenizers/0/type", "Whitespace", {"pretokenizers[0]", "Whitespace"});
    refuse("/pre_tokenizer/pretokenizers/1/type", "Split", {"pretokenizers[1]", "last step"});
    refuse("/pre_tokenizer/pretokenizers/0/behavior", "Removed", {"behavior", "Removed"});
    refuse("/pre_tokenizer/pretokenizers/0/invert", true, {"invert", "true"});
    refuse("/pre_tokenizer/pretokenizers/0/pattern", {{"String", " "}}, {"pattern.Regex"});
    refuse("/pre_tokenizer/pretokenizers/0/pattern/Regex", "a(", {"pattern.Regex", "offset 2"});
    refuse("/pre_tokenizer/pretokenizers/1/add_prefix_space", true, {"add_prefix_space", "true"});
    refuse("/decoder/type", "WordPiece", {"decoder.type", "WordPiece"});
}

TEST_CASE("vocabularies, merges and added tokens that contradict themselves are refused") {
    const ReferenceFolder folder("llama3");
    const json valid = folder.tokenizer_json();
    const auto refuse = [&](auto change, std::initializer_list<const char*> parts) {
        check_refused(folder, valid, change, parts);
    };
    refuse([](json& d) { d["model"].erase("vocab"); }, {"model.vocab", "missing"});
    refuse([](json& d) { d["model"]["vocab"].erase("A"); }, {"model.vocab", "byte 65"});
    refuse([](json& d) { d["model"]["vocab"]["A"] = -1; }, {"model.vocab.A", "-1"});
    refuse([](json& d) { d["model"]["vocab"]["new"] = 1 << 21; }, {"model.vocab.new", "2097152"});
    refuse([](json& d) { d["model"]["vocab"]["new"] = 0; }, {"an id that no other token has"});
    refuse([](json& d) { d["model"]["vocab"]["\u65E5"] = 990; }, {"\\u65e5", "alphabet"});
    refuse([](json& d) { d["model"]["vocab"][""] = 990; }, {"at least one byte"});
    refuse([](json& d) { d["model"]["merges"][0] = "ab"; }, {"merges[0]", "a space between"});
    refuse([](json& d) { d["model"]["merges"][0] = "a b c"; }, {"merges[0]", "a space between"});
    refuse([](json& d) { d["model"]["merges"][0] = {"a"}; }, {"merges[0]", "a pair"});
    refuse([](json& d) { d["model"]["merges"][0] = 1; }, {"merges[0]", "string"});
    refuse([](json& d) { d["model"]["merges"][0] = {"A", "Z"}; }, {"merges[0]", "join to one"});
    refuse([](json& d) { d["model"]["merges"][1] = d["model"]["merges"][0]; },
           {"merges[1]", "not listed before"});
    refuse([](json& d) { d["added_tokens"][0]["id"] = 0; }, {"added_tokens[0].id", "its own"});
    refuse([](json& d) { d["added_tokens"][1]["content"] = "<|begin|>"; },
           {"added_tokens[1].content", "not added before"});
    refuse([](json& d) { d["added_tokens"][0].erase("special"); }, {"special", "missing"});
    refuse(
        [](json& d) {
            d["added_tokens"][0]["content"] = "A";
            d["added_tokens"][0]["id"] = d["model"]["vocab"]["A"];
        },
        {"added_tokens[0].content", "no text encodes to"});
}

TEST_CASE("a tokenizer.json that is cut short anywhere is refused") {
    const ReferenceFolder folder("gpt2");
    const std::string whole = folder.tokenizer_json().dump();
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 997) {
        folder.write("tokenizer.json", whole.substr(0, bytes));
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); }, {"JSON"});
    }
}

TEST_CASE("text that is not UTF-8 is refused, whatever the steps") {
    const ReferenceFolder folder("qwen2");
    json document = folder.tokenizer_json();
    const auto refuse = [&] {
        const auto tokenizer = load_tokenizer(folder.path());
        check_error<std::runtime_error>([&] { tokenizer->encode("a\xC3"); }, {"UTF-8", "offset 1"});
    };
    refuse();
    document["normalizer"] = nullptr;
    document["pre_tokenizer"] = {
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
    folder.write_tokenizer(document);
    refuse();
}

TEST_CASE("a folder without a tokenizer says what it lacks") {
    const TemporaryFolder folder;
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                    {"tokenizer.json", "tokenizer.model", "neither"});
}

TEST_CASE("a tokenizer may have fewer tokens than the model, not more") {
    const ReferenceFolder folder("gpt2");
    const auto tokenizer = load_tokenizer(folder.path());
    ModelConfig config;
    config.vocabulary_size = tokenizer->size() + 100;
    CHECK_NOTHROW(require_same_vocabulary(*tokenizer, config));
    config.vocabulary_size = tokenizer->size();
    CHECK_NOTHROW(require_same_vocabulary(*tokenizer, config));
    config.vocabulary_size = tokenizer->size() - 1;
    check_error<std::runtime_error>([&] { require_same_vocabulary(*tokenizer, config); },
                                    {"disagree", "vocab_size"});
}

TEST_CASE("what of a stream can be printed ends with a whole character") {
    const std::string text = "a\u00E9\u65E5\U0001F600";
    std::string printed;
    std::string pending;
    for (const char byte : text) {
        pending += byte;
        const std::size_t complete = complete_utf8(pending).size();
        CHECK((complete == 0 || complete == pending.size()));
        printed += pending.substr(0, complete);
        pending.erase(0, complete);
    }
    CHECK(printed == text);
    CHECK(complete_utf8("").empty());
    CHECK(complete_utf8("ab\xE6\x97") == "ab");
    CHECK(complete_utf8("ab\x80\x80") == "ab\x80\x80");  // never to be completed: not held back
    CHECK(complete_utf8("\x80\x80\x80\x80") == "\x80\x80\x80\x80");
}

}  // namespace
}  // namespace aircomp::inference
