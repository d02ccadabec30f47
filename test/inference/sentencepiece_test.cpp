// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.model, on small models that SentencePiece's own trainer makes as Llama 2's was made.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include "aircomp/inference/tokenizer.hpp"
#include "errors.hpp"
#include "random_text.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::TemporaryFolder;

std::string read(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(stream)), {});
}

void run(const std::string& command) {
    if (std::system((command + " 2>/dev/null").c_str()) != 0) {
        throw std::runtime_error("failed (Debian package sentencepiece?): " + command);
    }
}

/// A folder with a tokenizer.model of 400 pieces, trained with `options` besides Llama 2's own.
class ModelFolder : public TemporaryFolder {
public:
    explicit ModelFolder(const std::string& options = "--byte_fallback=true") {
        std::string text;
        for (int i = 0; i < 40; ++i) {
            text += "The radio channel adds what " + std::to_string(i) +
                    " devices send at once.\n" +
                    "Größe und Länge;  zwei Leerzeichen, 日本語 и русский.\n";
        }
        write("corpus.txt", text);
        run("cd " + path().string() +
            " && spm_train --input=corpus.txt --model_prefix=tokenizer --model_type=bpe"
            " --vocab_size=400 --hard_vocab_limit=false --normalization_rule_name=identity"
            " --remove_extra_whitespaces=false --num_threads=1 " +
            options);
    }

    std::string model() const { return read(path() / "tokenizer.model"); }

    /// What SentencePiece's own program encodes each line to.
    std::vector<std::vector<Token>> reference(const std::vector<std::string>& lines) const {
        std::string text;
        for (const std::string& line : lines)
            text += line + "\n";
        write("lines.txt", text);
        run("cd " + path().string() +
            " && spm_encode --model=tokenizer.model --output_format=id --input=lines.txt"
            " --output=ids.txt");
        std::vector<std::vector<Token>> ids;
        std::istringstream output(read(path() / "ids.txt"));
        for (std::string line; std::getline(output, line);) {
            std::istringstream numbers(line);
            ids.emplace_back(std::istream_iterator<Token>(numbers), std::istream_iterator<Token>());
        }
        return ids;
    }
};

/// One field of a protocol buffer message: its number and the bytes that it holds.
std::string field(int number, const std::string& bytes) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

std::string joined(const Tokenizer& tokenizer, const std::vector<Token>& tokens) {
    std::string text;
    for (const Token token : tokens)
        text += tokenizer.decode(token);
    return text;
}

TEST_CASE("ids are those of SentencePiece's own program") {
    const std::string options =
        GENERATE("--byte_fallback=true", "--byte_fallback=true --add_dummy_prefix=false",
                 "--byte_fallback=true --split_by_whitespace=false",
                 "--byte_fallback=true --user_defined_symbols='<x>',nel,ra",
                 "--byte_fallback=false --vocab_size=60");
    CAPTURE(options);
    const ModelFolder folder(options);
    const std::vector<std::string> words = {"The", " radio", " channel", "nel",    "  ", " ",
                                            "<x>", "Größe",  "日本",     "и русс", "12", "<0x41>",
                                            "e",   "\t",     "😀",        ".",      "ra", "de"};
    std::mt19937_64 generator(3);
    std::vector<std::string> lines = {"", "The radio channel adds what 7 devices send at once."};
    for (int i = 0; i < 300; ++i) {
        std::string line;
        for (std::size_t n = generator() % 12; n > 0; --n)
            line += words[generator() % words.size()];
        lines.push_back(line);
        line = test::random_text(generator, 20);
        line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
        lines.push_back(line);
    }
    const auto expected = folder.reference(lines);
    REQUIRE(expected.size() == lines.size());
    const auto tokenizer = load_tokenizer(folder.path());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CAPTURE(lines[i]);
        CHECK(tokenizer->encode(lines[i]) == expected[i]);
    }
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
    CHECK(tokenizer->encode("<s></s><unk>") == std::vector<Token>{1, 2, 0});  // found in texts
    CHECK(tokenizer->piece(1) == "<s>");
    CHECK(tokenizer->piece(3 + 'A') == "<0x41>");
    check_error<std::out_of_range>([&] { tokenizer->decode(-1); }, {"-1", "0 to"});
    check_error<std::out_of_range>([&] { tokenizer->decode(tokenizer->size()); }, {"0 to"});
}

TEST_CASE("a model that begins and ends texts with nothing says so") {
    const ModelFolder folder("--byte_fallback=true --bos_id=-1 --eos_id=-1");
    const auto tokenizer = load_tokenizer(folder.path());
    CHECK_FALSE(tokenizer->bos());
    CHECK_FALSE(tokenizer->eos());
}

TEST_CASE("a file that is not a SentencePiece model is refused") {
    const ModelFolder folder;
    const std::string whole = folder.model();
    const auto check_refused = [&](const std::string& model, const char* part) {
        folder.write("tokenizer.model", model);
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                        {"tokenizer.model", part});
    };
    check_refused("", "pieces: expected at least one");
    check_refused("not a model", "wire type 6");
    check_refused(whole + "rest", "a field of 101 bytes where 2 are left");
    check_refused(std::string(11, '\xFF'), "more than 64 bits");
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 61) {
        check_refused(whole.substr(0, bytes), "expected");
    }
}

TEST_CASE("pieces that cannot be used are refused with their number") {
    const ModelFolder folder;
    const std::string whole = folder.model();
    const auto check_refused = [&](const std::string& piece, const char* part) {
        folder.write("tokenizer.model", whole + field(1, piece));
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); },
                                        {"tokenizer.model", "pieces[", part});
    };
    const std::string name = field(1, "zq");
    CHECK_NOTHROW(folder.write("tokenizer.model", whole + field(1, name)));
    CHECK_FALSE(load_tokenizer(folder.path())->encode("zq").empty());
    check_refused("", "1 to 1024 bytes, found 0");
    check_refused(field(1, "radi\xC3"), "UTF-8");
    check_refused(field(1, "<s>"), "not listed before");
    check_refused(field(1, "e"), "not listed before");
    check_refused(name + "\x18\x05", "unused");
    check_refused(name + "\x18\x07", "found 7");
    check_refused(name + "\x1A\x01\x01", "field 3: expected an integer");
    check_refused(name + std::string("\x15\x00\x00\xC0\x7F", 5), "a finite number");
}

TEST_CASE("kinds of SentencePiece models that are not implemented are refused by their names") {
    const auto check_refused = [](const std::string& options,
                                  std::initializer_list<const char*> parts) {
        CAPTURE(options);
        const ModelFolder folder("--byte_fallback=true " + options);
        check_error<std::runtime_error>([&] { load_tokenizer(folder.path()); }, parts);
    };
    check_refused("--model_type=unigram", {"trainer_spec.model_type", "BPE", "UNIGRAM"});
    check_refused("--model_type=char", {"trainer_spec.model_type", "BPE", "CHAR"});
    check_refused("--normalization_rule_name=nmt_nfkc",
                  {"normalizer_spec", "identity", "nmt_nfkc"});
    check_refused("--remove_extra_whitespaces=true", {"remove_extra_whitespaces", "false"});
    check_refused("--treat_whitespace_as_suffix=true", {"treat_whitespace_as_suffix", "false"});
}

TEST_CASE("text that is not UTF-8 is refused by SentencePiece models too") {
    const ModelFolder folder;
    const auto tokenizer = load_tokenizer(folder.path());
    check_error<std::runtime_error>([&] { tokenizer->encode("a\xC3"); }, {"UTF-8", "offset 1"});
}

TEST_CASE("a tokenizer.json without a vocabulary adds its tokens to the tokenizer.model") {
    const ModelFolder folder;
    const auto load = [&] { return load_tokenizer(folder.path()); };
    const Token next = load()->size();
    const std::string id = std::to_string(next);
    folder.write("tokenizer.json", R"({"model": {"type": "BPE", "byte_fallback": true},
        "added_tokens": [{"content": "</s>", "id": 2, "special": true},
                         {"content": "<|im_end|>", "id": )" +
                                       id + R"(, "special": true}]})");
    folder.write("tokenizer_config.json", R"({"eos_token": "<|im_end|>"})");
    CHECK(load()->size() == next + 1);
    CHECK(load()->bos() == 1);
    CHECK(load()->eos() == next);
    CHECK(load()->encode("</s><|im_end|>") == std::vector<Token>{2, next});
    CHECK(load()->decode(next).empty());
    folder.write("tokenizer_config.json",
                 R"({"eos_token": "<|im_end|>", "bos_token": "<s>", "add_bos_token": false})");
    CHECK_FALSE(load()->bos());

    // With a vocabulary it is the tokenizer.
    folder.write("tokenizer.json",
                 R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
    folder.write("tokenizer_config.json", "{}");
    CHECK(load()->size() == 1);
    std::filesystem::remove(folder.path() / "tokenizer.model");
    folder.write("tokenizer.json", R"({"model": {"type": "BPE"}})");
    check_error<std::runtime_error>(load, {"tokenizer.json", "model.vocab"});
}

}  // namespace
}  // namespace aircomp::inference
