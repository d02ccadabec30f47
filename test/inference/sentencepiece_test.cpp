// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.model, on small models that SentencePiece's own trainer makes as Llama 2's was made.
#include <cstdlib>
#include <fstream>
#include <random>

#include "aircomp/inference/tokenizer.hpp"
#include "errors.hpp"
#include "random_text.hpp"
#include "support/catch.hpp"
#include "temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::TemporaryFolder;

/// A folder with a tokenizer.model of 400 pieces, trained with `options` besides Llama 2's own.
class ModelFolder : public TemporaryFolder {
public:
    explicit ModelFolder(const std::string& options = "--byte_fallback=true") {
        std::string text;
        for (int i = 0; i < 40; ++i) {
            text += "The radio channel adds what " + std::to_string(i) + " devices send at once.\n";
        }
        const auto corpus = write("corpus.txt", text);
        const std::string command =
            "spm_train --input=" + corpus.string() +
            " --model_prefix=" + (path() / "tokenizer").string() +
            " --model_type=bpe --vocab_size=400 --hard_vocab_limit=false"
            " --normalization_rule_name=identity --remove_extra_whitespaces=false"
            " --num_threads=1 --minloglevel=2 " +
            options + " >/dev/null 2>&1";
        if (std::system(command.c_str()) != 0) {
            throw std::runtime_error("spm_train (Debian package sentencepiece) failed: " + command);
        }
    }

    std::string model() const {
        std::ifstream stream(path() / "tokenizer.model", std::ios::binary);
        return std::string((std::istreambuf_iterator<char>(stream)), {});
    }
};

std::string joined(const Tokenizer& tokenizer, const std::vector<Token>& tokens) {
    std::string text;
    for (const Token token : tokens)
        text += tokenizer.decode(token);
    return text;
}

TEST_CASE("SentencePiece's tokens joined are the text with a space before it") {
    const ModelFolder folder;
    const auto tokenizer = load_tokenizer(folder.path());
    for (const std::string text :
         {"The radio channel", " two  spaces ", "line\nend", "zß日😀", ""}) {
        CAPTURE(text);
        const std::vector<Token> tokens = tokenizer->encode(text);
        CHECK(joined(*tokenizer, tokens) == (text.empty() ? "" : " " + text));
        CHECK(tokenizer->decode_text(tokens) == text);
    }
    CHECK(tokenizer->encode("The radio channel").size() < 10);
}

TEST_CASE("a model trained without the space before the text adds none") {
    const ModelFolder folder("--byte_fallback=true --add_dummy_prefix=false");
    const auto tokenizer = load_tokenizer(folder.path());
    for (const std::string text : {"The radio", " The radio"}) {
        const std::vector<Token> tokens = tokenizer->encode(text);
        CHECK(joined(*tokenizer, tokens) == text);
        CHECK(tokenizer->decode_text(tokens) == text);
    }
}

TEST_CASE("any text comes back from SentencePiece's tokens") {
    const ModelFolder folder;
    const auto tokenizer = load_tokenizer(folder.path());
    std::mt19937_64 generator(7);
    for (int i = 0; i < 500; ++i) {
        const std::string text = test::random_text(generator, 100);
        if (text.find("\xE2\x96\x81") != std::string::npos) continue;  // U+2581 becomes a space
        CHECK(tokenizer->decode_text(tokenizer->encode(text)) == text);
    }
}

TEST_CASE("SentencePiece's special tokens are silent and its bytes are bytes") {
    const ModelFolder folder;
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK(tokenizer->bos() == 1);
    CHECK(tokenizer->eos() == 2);
    for (const Token special : {0, 1, 2})
        CHECK(tokenizer->decode(special).empty());
    for (int byte = 0; byte < 256; ++byte) {
        CHECK(tokenizer->decode(3 + byte) == std::string(1, static_cast<char>(byte)));
    }
    for (const Token token : tokenizer->encode("<s></s><unk>"))
        CHECK(token > 2);
    check_error<std::out_of_range>([&] { tokenizer->decode(-1); }, {"-1", "0 to"});
    check_error<std::out_of_range>([&] { tokenizer->decode(tokenizer->size()); }, {"0 to"});
}

TEST_CASE("a model that begins and ends texts with nothing says so") {
    const ModelFolder folder("--byte_fallback=true --bos_id=-1 --eos_id=-1");
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK_FALSE(tokenizer->bos());
    CHECK_FALSE(tokenizer->eos());
}

TEST_CASE("a model that would lose characters is refused") {
    const ModelFolder folder("--byte_fallback=false --vocab_size=60");
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                    {"tokenizer.model", "every byte", "<0x00>"});
}

TEST_CASE("a file that is not a SentencePiece model is refused") {
    const ModelFolder folder;
    const std::string whole = folder.model();
    for (const std::string& wrong : {std::string(), std::string("not a model"),
                                     whole.substr(0, whole.size() / 2), whole + "rest"}) {
        folder.write("tokenizer.model", wrong);
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                        {"tokenizer.model", "SentencePiece"});
    }
}

TEST_CASE("text that is not UTF-8 is refused by SentencePiece models too") {
    const ModelFolder folder;
    const auto tokenizer = load_tokenizer(folder.path());
    check_error<std::runtime_error>([&] { tokenizer->encode("a\xC3"); }, {"UTF-8", "offset 1"});
}

TEST_CASE("a converted tokenizer.json gives way to the tokenizer.model beside it") {
    const ModelFolder folder;
    folder.write("tokenizer.json", R"({"model": {"type": "BPE", "byte_fallback": true}})");
    CHECK(load_tokenizer(folder.path())->bos() == 1);
    folder.write("tokenizer.json", R"({"model": {"type": "Unigram"}})");
    CHECK(load_tokenizer(folder.path())->bos() == 1);
    folder.write("tokenizer.json", R"({"model": {"type": "BPE"}})");
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                    {"tokenizer.json", "model.vocab"});
    std::filesystem::remove(folder.path() / "tokenizer.model");
    folder.write("tokenizer.json", R"({"model": {"type": "BPE", "byte_fallback": true}})");
    check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                    {"tokenizer.json", "byte_fallback"});
}

}  // namespace
}  // namespace aircomp::inference
