// SPDX-License-Identifier: GPL-3.0-or-later
// The one tokenizer behind all formats: added tokens, normalisation, cutting, then a model of pieces.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "text/added_tokens.hpp"
#include "text/cutting.hpp"
#include "text/normalizer.hpp"
#include "text/piece_model.hpp"

namespace aircomp::inference {

/// A tokenizer as its file describes it.
struct TokenizerDefinition {
    std::vector<std::string> pieces;  ///< By id, as the vocabulary writes it; empty: no token.
    std::vector<std::string> text;    ///< By id, what it decodes to. As many as `pieces`.
    std::vector<AddedToken> added;
    /// Found in normalised text as they stand, where those of `added` are normalised themselves.
    std::vector<AddedToken> literal;
    std::vector<TextStep> normalizer;
    std::vector<CutStep> cuts;
    std::shared_ptr<const PieceModel> model;
    bool takes_off_space = false;  ///< The first space of a decoded text is the tokenizer's own.
    std::optional<Token> bos;
    std::optional<Token> eos;

    /// Makes room for `id`.
    void reserve(Token id);
};

class PipelineTokenizer : public Tokenizer {
public:
    explicit PipelineTokenizer(TokenizerDefinition definition);

    Token size() const override { return static_cast<Token>(definition_.text.size()); }
    std::vector<Token> encode(std::string_view text) const override;
    std::string decode(Token token) const override;
    std::string decode_text(gsl::span<const Token> tokens) const override;
    std::string piece(Token token) const override;
    std::optional<Token> bos() const override { return definition_.bos; }
    std::optional<Token> eos() const override { return definition_.eos; }

private:
    std::string normalized(std::string text) const;
    void encode_piece(Piece piece, std::vector<Token>& tokens) const;
    std::size_t index_of(Token token) const;

    TokenizerDefinition definition_;
    AddedTokenFinder raw_;         // looked for in the text as it is
    AddedTokenFinder normalized_;  // looked for once it is normalised
};

}  // namespace aircomp::inference
