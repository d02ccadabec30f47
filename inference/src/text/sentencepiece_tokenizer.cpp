// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece's byte pair encoding: spaces marked, characters merged, the unknown ones as bytes.
#include "text/sentencepiece_tokenizer.hpp"

#include <stdexcept>
#include <utility>

#include "text/bpe_model.hpp"

namespace aircomp::inference {

namespace {

using Type = SentencePiece::Type;

constexpr const char* space_mark = "\xE2\x96\x81";  // U+2581

/// Sorts pieces by what text is made of: normal ones merge, control pieces are found as they stand,
/// user-defined ones in the marked text.
class Builder {
public:
    Builder(const SentencePieceModel& model, const std::string& file)
        : model_(model), file_(file), unmark_(replace(Regex::literal(space_mark), " ")) {}

    TokenizerDefinition build() {
        for (const SentencePiece& piece : model_.pieces)
            add(piece);
        bpe_.merges = merges_of_scores(merging_, scores_);
        bpe_.byte_fallback = true;
        bpe_.fuses_unknown = true;
        definition_.normalizer.push_back(replace(Regex::literal(" "), space_mark));
        if (model_.space_before_text) definition_.normalizer.push_back(prepend(space_mark));
        definition_.takes_off_space = model_.space_before_text;
        definition_.model = std::make_shared<BpeModel>(std::move(bpe_));
        return std::move(definition_);
    }

private:
    void add(const SentencePiece& piece) {
        const auto id = static_cast<Token>(definition_.pieces.size());
        if (!all_.emplace(piece.text, id).second) {
            throw std::runtime_error(file_ + ": pieces[" + std::to_string(id) +
                                     "]: expected a piece not listed before");
        }
        definition_.pieces.push_back(piece.text);
        definition_.text.push_back(text_of(piece));
        scores_.push_back(piece.score);
        if (piece.type == Type::normal || piece.type == Type::user_defined) {
            merging_.emplace(piece.text, id);
        }
        if (piece.type == Type::unknown && !bpe_.unknown) bpe_.unknown = id;
        if (piece.type == Type::normal || piece.type == Type::user_defined ||
            piece.type == Type::byte) {
            bpe_.ids.emplace(piece.text, id);
        }
        AddedToken token;
        token.content = piece.text;
        token.id = id;
        token.special = piece.type != Type::user_defined;
        if (piece.type == Type::user_defined) {
            definition_.literal.push_back(token);
        } else if (piece.type == Type::control || piece.type == Type::unknown) {
            definition_.added.push_back(token);
        }
        if (piece.type == Type::control && piece.text == model_.bos_piece) definition_.bos = id;
        if (piece.type == Type::control && piece.text == model_.eos_piece) definition_.eos = id;
    }

    std::string text_of(const SentencePiece& piece) const {
        if (piece.type == Type::byte) {
            const auto byte = byte_of_piece(piece.text);
            return byte ? std::string(1, *byte) : "";
        }
        const bool is_text = piece.type == Type::normal || piece.type == Type::user_defined;
        return is_text ? unmark_(piece.text) : "";
    }

    const SentencePieceModel& model_;
    const std::string& file_;
    TextStep unmark_;
    TokenizerDefinition definition_;
    BpeDefinition bpe_;
    Vocabulary all_;
    Vocabulary merging_;
    std::vector<float> scores_;  // by id
};

}  // namespace

TokenizerDefinition sentencepiece_definition(const SentencePieceModel& model,
                                             const std::string& file) {
    return Builder(model, file).build();
}

}  // namespace aircomp::inference
