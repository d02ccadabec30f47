// SPDX-License-Identifier: GPL-3.0-or-later
// Tokenizers within GGUF files: small vocabularies whose ids follow from the merges by hand.
// llama.cpp's own vocabularies are checked by tokenizers_of_llama_cpp.py.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "errors.hpp"
#include "gguf_builder.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using test::bytes_of_number;
using test::bytes_of_text;
using test::check_error;
using test::GgufBuilder;
using test::TemporaryFolder;
using Type = GgufBuilder::Type;
using Tokens = std::vector<Token>;

/// A vocabulary to be written to a file, key by key.
struct Vocabulary {
    std::string model, pre;
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<float> scores;
    std::vector<std::string> merges;
    std::vector<std::pair<std::string, bool>> flags;

    GgufBuilder builder() const {
        GgufBuilder file;
        file.text("tokenizer.ggml.model", model);
        if (!pre.empty()) file.text("tokenizer.ggml.pre", pre);
        const auto texts = [&](const char* key, const std::vector<std::string>& values) {
            std::string bytes;
            for (const std::string& value : values)
                bytes += bytes_of_text(value);
            file.array(key, Type::text, values.size(), bytes);
        };
        texts("tokenizer.ggml.tokens", tokens);
        std::string bytes;
        for (const std::int32_t type : types)
            bytes += bytes_of_number(type);
        file.array("tokenizer.ggml.token_type", Type::i32, types.size(), bytes);
        if (!scores.empty()) {
            bytes.clear();
            for (const float score : scores)
                bytes += bytes_of_number(score);
            file.array("tokenizer.ggml.scores", Type::f32, scores.size(), bytes);
        }
        if (!merges.empty()) texts("tokenizer.ggml.merges", merges);
        for (const auto& [key, value] : flags)
            file.value("tokenizer.ggml." + key, Type::boolean, std::string(1, value ? 1 : 0));
        return file;
    }
};

class Loaded {
public:
    explicit Loaded(const GgufBuilder& builder) {
        folder_.write("vocabulary.gguf", builder.file());
        tokenizer_ = load_tokenizer(folder_.path() / "vocabulary.gguf");
    }
    const Tokenizer* operator->() const { return tokenizer_.get(); }

private:
    TemporaryFolder folder_;
    std::unique_ptr<Tokenizer> tokenizer_;
};

Vocabulary byte_level() {
    Vocabulary vocabulary;
    vocabulary.model = "gpt2";
    vocabulary.pre = "gpt-2";
    vocabulary.tokens = {"a", "b", "\u0120", "ab", "\u0120ab", "<s>", "<tool>", "<pad>", "1"};
    vocabulary.types = {1, 1, 1, 1, 1, 3, 4, 5, 1};
    vocabulary.merges = {"a b", "\u0120 ab"};
    return vocabulary;
}

Vocabulary sentencepiece() {
    Vocabulary vocabulary;
    vocabulary.model = "llama";
    vocabulary.tokens = {"<unk>", "<s>", "</s>", "\u2581", "a", "b", "\u2581a", "ab", "<0x63>"};
    vocabulary.types = {2, 3, 3, 1, 1, 1, 1, 1, 6};
    vocabulary.scores = {0, 0, 0, -3, -3, -3, -2, -1, 0};
    return vocabulary;
}

TEST_CASE("byte-level tokens of a GGUF file merge, added ones are found in the text") {
    const Loaded tokenizer(byte_level().builder());
    CHECK(tokenizer->size() == 9);
    CHECK(tokenizer->encode("ab ab") == Tokens{3, 4});
    CHECK(tokenizer->encode("b<s>a<tool> ab<pad>") == Tokens{1, 5, 0, 6, 4, 0});
    CHECK(tokenizer->encode("xa\n") == Tokens{0});  // bytes that the vocabulary lacks
    CHECK(tokenizer->decode_text(Tokens{3, 4, 5, 6}) == "ab ab<tool>");
    CHECK(tokenizer->piece(4) == "\u0120ab");
}

TEST_CASE("SentencePiece's tokens of a GGUF file merge by score and fall back to bytes") {
    const Loaded tokenizer(sentencepiece().builder());
    CHECK(tokenizer->encode("ab") == Tokens{3, 7});
    CHECK(tokenizer->encode("a") == Tokens{6});
    CHECK(tokenizer->encode("acd</s>b") == Tokens{6, 8, 0, 2, 3, 5});
    CHECK(tokenizer->decode_text(Tokens{3, 7, 8}) == "abc");
    Vocabulary without_space = sentencepiece();
    without_space.flags = {{"add_space_prefix", false}};
    CHECK(Loaded(without_space.builder())->encode("a b") == Tokens{4, 3, 5});
}

TEST_CASE("Phi-3's added tokens take the white space behind them along") {
    Vocabulary vocabulary = sentencepiece();
    vocabulary.flags = {{"add_space_prefix", false}};
    auto file = vocabulary.builder();
    CHECK(Loaded(file)->encode("</s> a<s> a") == Tokens{2, 6, 1, 6});
    CHECK(Loaded(file.text("general.name", "Phi-3 Mini"))->encode("</s> a<s> a") ==
          Tokens{2, 4, 1, 6});
}

TEST_CASE("a GGUF file says what texts begin and end with") {
    const auto load = [](Vocabulary vocabulary, const char* pre,
                         std::vector<std::pair<std::string, bool>> flags) {
        vocabulary.pre = pre;
        vocabulary.flags = std::move(flags);
        auto file = vocabulary.builder();
        file.integer("tokenizer.ggml.bos_token_id", 5).integer("tokenizer.ggml.eos_token_id", 6);
        return Loaded(file)->bos();
    };
    CHECK_FALSE(load(byte_level(), "gpt-2", {}));
    CHECK(load(byte_level(), "gpt-2", {{"add_bos_token", true}}) == 5);
    CHECK(load(byte_level(), "llama-bpe", {}) == 5);
    CHECK_FALSE(load(byte_level(), "llama-bpe", {{"add_bos_token", false}}));
    CHECK(load(sentencepiece(), "default", {}) == 5);
    CHECK_FALSE(load(sentencepiece(), "default", {{"add_bos_token", false}}));
    auto file = byte_level().builder();
    CHECK_FALSE(Loaded(byte_level().builder())->eos());
    CHECK(Loaded(file.integer("tokenizer.ggml.eos_token_id", 6))->eos() == 6);
}

TEST_CASE("a piece that is a token needs no merges where the pre-tokenizer's name says so") {
    Vocabulary vocabulary = byte_level();
    vocabulary.merges = {"\u0120 ab"};
    CHECK(Loaded(vocabulary.builder())->encode("ab") == Tokens{0, 1});
    vocabulary.pre = "llama-bpe";
    CHECK(Loaded(vocabulary.builder())->encode("ab") == Tokens{3});
}

TEST_CASE("GGUF tokenizers that cannot be used are refused with key and value") {
    const auto refuse = [](auto change, std::initializer_list<const char*> parts) {
        Vocabulary vocabulary = byte_level();
        change(vocabulary);
        check_error<std::runtime_error>([&] { Loaded loaded(vocabulary.builder()); },
                                        {"vocabulary.gguf", "tokenizer.ggml."});
        check_error<std::runtime_error>([&] { Loaded loaded(vocabulary.builder()); }, parts);
    };
    refuse([](Vocabulary& v) { v.model = "bert"; }, {"model", "gpt2", "bert"});
    refuse([](Vocabulary& v) { v.model = "t5"; }, {"model", "llama", "t5"});
    refuse([](Vocabulary& v) { v.pre = "mine"; }, {"pre", "llama-bpe", "mine"});
    refuse([](Vocabulary& v) { v.types.pop_back(); }, {"token_type", "as many as tokens, 9"});
    refuse([](Vocabulary& v) { v.types[0] = 7; }, {"token_type", "7"});
    refuse([](Vocabulary& v) { v.merges.clear(); }, {"merges", "no such key"});
    refuse([](Vocabulary& v) { v.merges[1] = "ab"; }, {"merges", "merge 1"});
    refuse([](Vocabulary& v) { v.merges[1] = "b a"; }, {"merges", "join to one", "merge 1"});
    refuse([](Vocabulary& v) { v.tokens[3] = "a\xC3"; }, {"tokens", "UTF-8", "token 3"});
    refuse([](Vocabulary& v) { v.model = "llama"; }, {"scores", "no such key"});
    refuse(
        [](Vocabulary& v) {
            v = sentencepiece();
            v.scores.pop_back();
        },
        {"scores", "as many as tokens, 9"});
    refuse(
        [](Vocabulary& v) {
            v = sentencepiece();
            v.tokens[3] = std::string(1025, 'a');
        },
        {"tokens", "1024 bytes", "token 3"});
    auto file = byte_level().builder();
    check_error<std::runtime_error>(
        [&] { Loaded loaded(file.integer("tokenizer.ggml.bos_token_id", 9)); },
        {"bos_token_id", "0 to 8", "9"});
}

}  // namespace
}  // namespace aircomp::inference
