// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF's lists of tokens, types, scores and merges as a tokenizer.
#include "text/gguf_tokenizer.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "text/bpe_model.hpp"
#include "text/byte_alphabet.hpp"
#include "text/named_cuttings.hpp"
#include "text/sentencepiece_model.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

constexpr const char* space_mark = "\xE2\x96\x81";  // U+2581

// SentencePiece's merges are found by cutting pieces everywhere: the square of their length.
constexpr std::size_t longest_piece_bytes = 1024;

enum Type {
    undefined = 0,
    normal = 1,
    unknown = 2,
    control = 3,
    user_defined = 4,
    unused = 5,
    byte = 6
};

std::string key(const char* name) {
    return std::string("tokenizer.ggml.") + name;
}

/// Builds one definition from the metadata of one file.
class Reader {
public:
    explicit Reader(const GgufMetadata& metadata) : metadata_(metadata) {}

    TokenizerDefinition read() {
        const GgufValue& model = metadata_.at(key("model"));
        const std::string kind(model.text());
        read_pieces();
        if (kind == "gpt2") {
            read_byte_level();
        } else if (kind == "llama") {
            read_sentencepiece();
        } else if (kind == "gemma4") {
            read_gemma();
        } else {
            model.fail("gpt2, llama or gemma4 (other kinds of tokenizers are not implemented)");
        }
        definition_.bos = special("bos_token_id");
        definition_.eos = special("eos_token_id");
        if (!flag("add_bos_token", begins_with_bos_)) definition_.bos.reset();
        return std::move(definition_);
    }

private:
    bool flag(const char* name, bool where_missing) const {
        const GgufValue* value = metadata_.find(key(name));
        return value == nullptr ? where_missing : value->boolean();
    }

    std::optional<Token> special(const char* name) const {
        const GgufValue* value = metadata_.find(key(name));
        if (value == nullptr) return std::nullopt;
        const auto last = static_cast<std::int64_t>(definition_.pieces.size()) - 1;
        return static_cast<Token>(value->integer(0, last));
    }

    void read_pieces() {
        const GgufValue& tokens = metadata_.at(key("tokens"));
        for (const std::string_view token : tokens.texts()) {
            try {
                require_utf8(token);
            } catch (const std::runtime_error&) {
                tokens.fail("tokens in UTF-8, also token " +
                            std::to_string(definition_.pieces.size()));
            }
            definition_.pieces.emplace_back(token);
        }
        types_.assign(definition_.pieces.size(), normal);
        if (const GgufValue* types = metadata_.find(key("token_type"))) {
            types_ = types->integers(undefined, byte);
            if (types_.size() != definition_.pieces.size()) {
                types->fail("as many as tokens, " + std::to_string(definition_.pieces.size()));
            }
        }
    }

    /// Whether text is made of the token by merging.
    bool is_plain(std::size_t id) const {
        return types_[id] == normal || types_[id] == byte || types_[id] == undefined ||
               types_[id] == user_defined || types_[id] == unused;
    }

    /// Goes through all tokens: `decoded` says what a plain one stands for.
    template <typename Decoded>
    void read_texts(Decoded&& decoded) {
        for (std::size_t id = 0; id < definition_.pieces.size(); ++id) {
            const std::string& piece = definition_.pieces[id];
            const bool is_added =
                types_[id] == control || types_[id] == unknown || types_[id] == user_defined;
            if (is_added) {
                AddedToken token;
                token.content = piece;
                token.id = static_cast<Token>(id);
                token.special = types_[id] != user_defined;
                definition_.added.push_back(token);
            }
            if (is_plain(id)) bpe_.ids.emplace(piece, static_cast<Token>(id));
            const bool is_literal = types_[id] == user_defined;
            definition_.text.push_back(is_literal ? piece : is_added ? "" : decoded(piece));
        }
    }

    void read_merges() {
        const GgufValue& merges = metadata_.at(key("merges"));
        std::uint32_t rank = 0;
        for (const std::string_view merge : merges.texts()) {
            const std::size_t space = merge.find(' ', 1);
            const auto find = [&](std::string_view piece) {
                return bpe_.ids.find(std::string(piece));
            };
            const auto wrong = [&] {
                merges.fail("pairs of tokens that join to one, also merge " + std::to_string(rank));
            };
            if (space == std::string_view::npos) wrong();
            const auto left = find(merge.substr(0, space));
            const auto right = find(merge.substr(space + 1));
            const auto whole =
                find(std::string(merge.substr(0, space)) + std::string(merge.substr(space + 1)));
            const auto none = bpe_.ids.end();
            if (left == none || right == none || whole == none) wrong();
            bpe_.merges.emplace(pair_key(left->second, right->second), Merge{rank, whole->second});
            ++rank;
        }
    }

    void read_byte_level() {
        const GgufValue* name = metadata_.find(key("pre"));
        NamedCutting cutting;
        try {
            cutting = named_cutting(name == nullptr ? "default" : std::string(name->text()));
        } catch (const std::runtime_error& error) {
            name->fail(error.what());
        }
        read_texts([](const std::string& piece) {
            const auto bytes = bytes_from_alphabet(piece);
            return bytes ? *bytes : piece;
        });
        read_merges();
        for (const std::string& pattern : cutting.patterns)
            definition_.cuts.push_back(cut_by(Regex(pattern), Delimiter::isolated, false));
        definition_.cuts.push_back(byte_alphabet());
        bpe_.ignore_merges = cutting.ignore_merges;
        begins_with_bos_ = cutting.begins_with_bos;
        if (flag("add_space_prefix", false)) {
            definition_.cuts.insert(definition_.cuts.begin(), prefix_space());
        }
        finish();
    }

    /// Pieces that spell spaces as U+2581 and bytes as "<0x0A>".
    void read_marked_texts() {
        const TextStep unmark = replace(Regex::literal(space_mark), " ");
        read_texts([&](const std::string& piece) {
            const auto one_byte = byte_of_piece(piece);
            return one_byte ? std::string(1, *one_byte) : unmark(piece);
        });
        bpe_.byte_fallback = true;
        bpe_.fuses_unknown = true;
        bpe_.unknown = special("unknown_token_id");
        const auto first = std::find(types_.begin(), types_.end(), unknown);
        if (!bpe_.unknown && first != types_.end()) {
            bpe_.unknown = static_cast<Token>(first - types_.begin());
        }
        definition_.normalizer.push_back(replace(Regex::literal(" "), space_mark));
    }

    void read_sentencepiece() {
        for (std::size_t id = 0; id < definition_.pieces.size(); ++id) {
            if (definition_.pieces[id].size() <= longest_piece_bytes) continue;
            metadata_.at(key("tokens"))
                .fail("tokens of at most " + std::to_string(longest_piece_bytes) +
                      " bytes, also token " + std::to_string(id));
        }
        read_marked_texts();
        const GgufValue& list = metadata_.at(key("scores"));
        std::vector<float> scores;
        for (const double score : list.numbers())
            scores.push_back(static_cast<float>(score));
        if (scores.size() != definition_.pieces.size()) {
            list.fail("as many as tokens, " + std::to_string(definition_.pieces.size()));
        }
        bpe_.merges = merges_of_scores(bpe_.ids, scores);
        if (flag("add_space_prefix", true)) {
            definition_.normalizer.push_back(prepend(space_mark));
            definition_.takes_off_space = true;
        }
        begins_with_bos_ = true;
        strip_behind_tokens();
        finish();
    }

    void read_gemma() {
        read_marked_texts();
        read_merges();
        // Line ends stand apart, and a run of them that is a token is taken whole.
        definition_.cuts.push_back(cut_by(Regex("\\n+"), Delimiter::isolated, false));
        bpe_.ignore_merges = true;
        finish();
    }

    /// Phi-3's added tokens take the white space behind them along. The format has no room for that;
    /// what says so is the model's name.
    void strip_behind_tokens() {
        const GgufValue* value = metadata_.find("general.name");
        std::string name(value == nullptr ? "" : value->text());
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (name.find("phi-3") == std::string::npos && name.find("phi3") == std::string::npos)
            return;
        for (AddedToken& token : definition_.added) {
            token.right_strip = token.content != "<unk>" && token.content != "<s>" &&
                                token.content != "<|endoftext|>";
        }
    }

    void finish() { definition_.model = std::make_shared<BpeModel>(std::move(bpe_)); }

    const GgufMetadata& metadata_;
    TokenizerDefinition definition_;
    BpeDefinition bpe_;
    std::vector<std::int64_t> types_;  // by id
    bool begins_with_bos_ = false;     // where the file does not say
};

}  // namespace

TokenizerDefinition read_gguf_tokenizer(const GgufMetadata& metadata) {
    return Reader(metadata).read();
}

}  // namespace aircomp::inference
