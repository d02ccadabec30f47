// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json: ids against an independent implementation, round trips, and every refusal.
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "errors.hpp"
#include "random_text.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

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

TEST_CASE("added tokens are found in the text, have ids and texts, and special ones are silent") {
    const ReferenceFolder folder("gpt2");
    const auto tokenizer = load_tokenizer(folder.path());
    const json added = folder.tokenizer_json().at("added_tokens");
    const Token begin = added[0].at("id").get<Token>();
    CHECK(tokenizer->size() == begin + 3);
    CHECK(tokenizer->decode(begin).empty());
    CHECK(tokenizer->decode(begin + 1).empty());  // an id that nothing has
    CHECK(tokenizer->decode(begin + 2) == "<tool>");
    CHECK(tokenizer->piece(begin) == "<|begin|>");
    CHECK(tokenizer->piece(begin + 1).empty());
    CHECK(tokenizer->encode("<|begin|><tool>") == std::vector<Token>{begin, begin + 2});
    for (const Token token : tokenizer->encode("<|begin |>tool>"))
        CHECK(token < begin);
    check_error<std::out_of_range>([&] { tokenizer->decode(-1); }, {"-1", "0 to"});
    check_error<std::out_of_range>([&] { tokenizer->decode(begin + 3); }, {"expected 0 to"});
    check_error<std::out_of_range>([&] { tokenizer->piece(begin + 3); }, {"expected 0 to"});
}

TEST_CASE("added tokens of other files join, and what has an id already keeps it") {
    const ReferenceFolder folder("gpt2");
    const Token begin = folder.tokenizer_json().at("added_tokens")[0].at("id").get<Token>();
    const std::string next = std::to_string(begin + 3);
    folder.write("tokenizer_config.json",
                 R"({"added_tokens_decoder": {")" + next +
                     R"(": {"content": "<|im_end|>", "special": true, "rstrip": true},
                         "7": {"content": "<tool>"}}})");
    folder.write("added_tokens.json", R"({"<more>": )" + std::to_string(begin + 4) + "}");
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK(tokenizer->encode("<|im_end|> \n<more><tool>") ==
          std::vector<Token>{begin + 3, begin + 4, begin + 2});
    CHECK(tokenizer->decode(begin + 3).empty());
    CHECK(tokenizer->decode(begin + 4) == "<more>");

    const auto load = [&] { return load_tokenizer(folder.path()); };
    folder.write("added_tokens.json", R"({"<more>": 7})");
    check_error<std::runtime_error>(load, {"added_tokens.json", "<more>", "an id of its own"});
    folder.write("added_tokens.json", R"({"<more>": 10000000})");
    check_error<std::runtime_error>(load, {"added_tokens.json", "<more>", "10000000"});
    folder.write("added_tokens.json", "{}");
    for (const char* wrong : {"x", "-1", "", "99999999"}) {
        folder.write("tokenizer_config.json",
                     json{{"added_tokens_decoder", {{wrong, {{"content", "y"}}}}}}.dump());
        check_error<std::runtime_error>(load, {"added_tokens_decoder", "an id as its name"});
    }
}

TEST_CASE("a text begins with a BOS where add_bos_token or the post-processor puts it") {
    const ReferenceFolder folder("llama3");
    json document = folder.tokenizer_json();
    const Token begin = document.at("added_tokens")[0].at("id").get<Token>();
    const auto load = [&] { return load_tokenizer(folder.path()); };
    folder.write("tokenizer_config.json", R"({"bos_token": "<|begin|>"})");
    CHECK_FALSE(load()->bos());  // it exists, but nothing puts it before texts
    folder.write("tokenizer_config.json", R"({"bos_token": "<|begin|>", "add_bos_token": true})");
    CHECK(load()->bos() == begin);

    const json token = {{"SpecialToken", {{"id", "<|begin|>"}, {"type_id", 0}}}};
    const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const json template_processing = {
        {"type", "TemplateProcessing"},
        {"single", {token, text, token}},
        {"special_tokens", {{"<|begin|>", {{"id", "<|begin|>"}, {"ids", {begin}}}}}}};
    const json byte_level = {{"type", "ByteLevel"}};
    const json classifier = {
        {"type", "RobertaProcessing"}, {"sep", {"<tool>", 1}}, {"cls", {"<|begin|>", begin}}};
    for (const json& processor :
         {template_processing, classifier,
          json{{"type", "Sequence"}, {"processors", {byte_level, template_processing}}}}) {
        document["post_processor"] = processor;
        folder.write_tokenizer(document);
        folder.write("tokenizer_config.json", "{}");
        CHECK(load()->bos() == begin);
        folder.write("tokenizer_config.json",
                     R"({"bos_token": "<|begin|>", "add_bos_token": false})");
        CHECK_FALSE(load()->bos());
    }
    document["post_processor"] = byte_level;
    folder.write_tokenizer(document);
    folder.write("tokenizer_config.json", "{}");
    CHECK_FALSE(load()->bos());
    document["post_processor"] = template_processing;
    document["post_processor"]["single"] = {token, token, text};
    folder.write_tokenizer(document);
    check_error<std::runtime_error>(load, {"post_processor.single", "at most one token"});
    document["post_processor"] = {{"type", "Other"}};
    folder.write_tokenizer(document);
    check_error<std::runtime_error>(load, {"post_processor.type", "TemplateProcessing", "Other"});
    document["post_processor"] = classifier;
    document["post_processor"]["cls"] = {"x", 100000};
    folder.write_tokenizer(document);
    check_error<std::runtime_error>(load, {"post_processor", "100000"});
}

TEST_CASE("tokenizer_config.json, then config.json say what texts end with") {
    const ReferenceFolder folder("llama3");
    const Token begin = folder.tokenizer_json().at("added_tokens")[0].at("id").get<Token>();
    const auto load = [&] { return load_tokenizer(folder.path()); };
    CHECK_FALSE(load()->eos());

    folder.write("config.json", R"({"eos_token_id": [7, 8]})");
    CHECK(load()->eos() == 7);
    folder.write("tokenizer_config.json", R"({"eos_token": "<|begin|>"})");
    CHECK(load()->eos() == begin);
    folder.write("tokenizer_config.json", R"({"eos_token": {"content": "<|begin|>"}})");
    CHECK(load()->eos() == begin);
    folder.write("tokenizer_config.json", R"({"eos_token": null})");
    CHECK_FALSE(load()->eos());

    folder.write("tokenizer_config.json", R"({"eos_token": "<s>"})");
    check_error<std::runtime_error>(load, {"tokenizer_config.json", "eos_token", "<s>"});
    folder.write("tokenizer_config.json", "{}");
    folder.write("config.json", R"({"eos_token_id": 100000})");
    check_error<std::runtime_error>(load, {"config.json", "eos_token_id", "100000"});
}

TEST_CASE("a byte that the vocabulary lacks is left out") {
    const ReferenceFolder folder("gpt2");
    json document = folder.tokenizer_json();
    const auto with_all = load_tokenizer(folder.path())->encode("a#b");
    document["model"]["vocab"].erase("#");
    folder.write_tokenizer(document);
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK(with_all.size() == 3);
    CHECK(tokenizer->encode("a#b") == std::vector<Token>{with_all[0], with_all[2]});
    CHECK(tokenizer->decode_text(tokenizer->encode("a#b")) == "ab");
}

TEST_CASE("tokens are decoded as the decoder says") {
    const ReferenceFolder folder("gpt2");
    json document = folder.tokenizer_json();
    document["model"]["vocab"] = {{"\u2581", 0}, {"a", 1}, {"\u2581a", 2}, {"<0x0A>", 3}};
    document["model"]["merges"] = {"\u2581 a"};
    document["model"]["byte_fallback"] = true;
    document["added_tokens"] = json::array();
    document["normalizer"] = nullptr;
    document["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "\u2581"}};
    const json replace = {
        {"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}};
    const json strip = {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}};
    const auto decoded = [&](const json& decoder) {
        document["decoder"] = decoder;
        folder.write_tokenizer(document);
        return load_tokenizer(folder.path())->decode_text(std::vector<Token>{2, 0, 3, 1});
    };
    CHECK(decoded({{"type", "Sequence"},
                   {"decoders",
                    {replace, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}, strip}}}) == "a \na");
    CHECK(decoded({{"type", "Sequence"}, {"decoders", {replace, {{"type", "ByteFallback"}}}}}) ==
          " a \na");
    CHECK(decoded({{"type", "Metaspace"}, {"replacement", "\u2581"}}) == "a <0x0A>a");
    CHECK(decoded(nullptr) == "\u2581a\u2581<0x0A>a");
    document["pre_tokenizer"] = {
        {"type", "Sequence"},
        {"pretokenizers", {{{"type", "ByteLevel"}, {"add_prefix_space", false}}}}};
    document["model"]["vocab"] = {{"\u0120", 0}, {"a", 1}, {"\u0120a", 2}, {"\u010A", 3}};
    document["model"]["merges"] = {"\u0120 a"};
    CHECK(decoded(nullptr) == " a \na");
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
    refuse("/model/type", "WordPiece", {"model.type", "\"BPE\" or \"Unigram\"", "WordPiece"});
    refuse("/model/type", "Unigram", {"model.vocab", "array"});
    refuse("/model/dropout", 0.1, {"model.dropout", "0.1"});
    refuse("/model/byte_fallback", 1, {"model.byte_fallback", "true or false", "1"});
    refuse("/model/unk_token", "<none>", {"model.unk_token", "a token", "<none>"});
    refuse("/model/continuing_subword_prefix", "##", {"continuing_subword_prefix", "##"});
    refuse("/model/end_of_word_suffix", "</w>", {"end_of_word_suffix", "</w>"});
    refuse("/normalizer", {{"type", "Precompiled"}}, {"normalizer.type", "NFC", "Precompiled"});
    refuse("/normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "Nmt"}}}}},
           {"normalizer.normalizers[0].type", "Nmt"});
    refuse("/normalizer", {{"type", "Replace"}, {"pattern", {{"Regex", "a("}}}, {"content", ""}},
           {"normalizer.pattern.Regex", "offset 2"});
    refuse("/pre_tokenizer", {{"type", "BertPreTokenizer"}},
           {"pre_tokenizer.type", "ByteLevel", "BertPreTokenizer"});
    refuse("/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", ""}},
           {"pre_tokenizer.replacement", "a character"});
    refuse("/pre_tokenizer",
           {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "last"}},
           {"pre_tokenizer.prepend_scheme", "first", "last"});
    refuse("/pre_tokenizer/pretokenizers/0/type", "Other", {"pretokenizers[0].type", "Other"});
    refuse("/pre_tokenizer/pretokenizers/0/behavior", "Gone", {"behavior", "Isolated", "Gone"});
    refuse("/pre_tokenizer/pretokenizers/0/pattern", json::object(), {"pattern.Regex", "missing"});
    refuse("/pre_tokenizer/pretokenizers/0/pattern/Regex", "a(", {"pattern.Regex", "offset 2"});
    refuse("/decoder/type", "WordPiece", {"decoder.type", "Metaspace", "WordPiece"});
    refuse("/decoder", {{"type", "Strip"}, {"content", "x"}, {"start", 1}, {"stop", 0}},
           {"decoder.content"});
    refuse("/decoder", {{"type", "Strip"}, {"content", " "}, {"start", 2}, {"stop", 0}},
           {"decoder.start", "2"});
}

TEST_CASE("vocabularies, merges and added tokens that contradict themselves are refused") {
    const ReferenceFolder folder("llama3");
    const json valid = folder.tokenizer_json();
    const auto refuse = [&](auto change, std::initializer_list<const char*> parts) {
        check_refused(folder, valid, change, parts);
    };
    refuse([](json& d) { d["model"].erase("vocab"); }, {"model.vocab", "missing"});
    refuse([](json& d) { d["model"]["vocab"]["A"] = -1; }, {"model.vocab.A", "-1"});
    refuse([](json& d) { d["model"]["vocab"]["new"] = 1 << 21; }, {"model.vocab.new", "2097152"});
    refuse([](json& d) { d["model"]["vocab"]["new"] = 0; }, {"an id that no other token has"});
    refuse([](json& d) { d["model"]["merges"][0] = "ab"; }, {"merges[0]", "a space between"});
    refuse([](json& d) { d["model"]["merges"][0] = "a b c"; }, {"merges[0]", "a space between"});
    refuse([](json& d) { d["model"]["merges"][0] = {"a"}; }, {"merges[0]", "a pair"});
    refuse([](json& d) { d["model"]["merges"][0] = 1; }, {"merges[0]", "string"});
    refuse([](json& d) { d["model"]["merges"][0] = {"A", "Z"}; }, {"merges[0]", "join to one"});
    refuse([](json& d) { d["added_tokens"][0]["id"] = 0; }, {"added_tokens[0].id", "its own"});
    refuse([](json& d) { d["added_tokens"][0].erase("content"); }, {"content", "missing"});
}

TEST_CASE("Unigram vocabularies that cannot be used are refused, and so are unknown characters") {
    const ReferenceFolder folder("llama3");
    json document = folder.tokenizer_json();
    document["added_tokens"] = json::array();
    document["pre_tokenizer"] = nullptr;
    document["model"] = {{"type", "Unigram"},
                         {"unk_id", nullptr},
                         {"vocab", json::array({json::array({"a", -1}), json::array({"b", -2})})}};
    folder.write_tokenizer(document);
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK(tokenizer->encode("ab") == std::vector<Token>{0, 1});
    check_error<std::runtime_error>([&] { tokenizer->encode("ac"); }, {"tokens for", "'c'"});
    const auto refuse = [&](const char* pointer, const json& value,
                            std::initializer_list<const char*> parts) {
        check_refused(
            folder, document, [&](json& d) { d[json::json_pointer(pointer)] = value; }, parts);
    };
    refuse("/model/unk_id", 2, {"model.unk_id", "0 to 1", "2"});
    refuse("/model/vocab/1", "b", {"model.vocab[1]", "array"});
    refuse("/model/vocab/1", json::array({"b"}), {"model.vocab[1]", "2 elements"});
    refuse("/model/vocab/1/1", "b", {"model.vocab[1][1]", "number"});
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

TEST_CASE("a pointer that Git LFS left in place of a tokenizer is said to be one") {
    const TemporaryFolder folder;
    const char* const pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    for (const char* name : {"tokenizer.model", "tokenizer.json"}) {
        folder.write(name, pointer);
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); }, {name, "Git LFS"});
    }
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
