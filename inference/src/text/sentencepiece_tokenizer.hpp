// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece's byte pair encoding: the tokenizer of Llama 2 and Mistral.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "text/pair_merger.hpp"
#include "text/sentencepiece_model.hpp"

namespace aircomp::inference {

/// SentencePiece writes a space as U+2581 and puts one before the text (where the model was
/// trained so, as Llama's was), because the first word is to look like any other. The bytes of
/// all tokens joined are hence the text with a space before it; decode_text() takes it off. A
/// U+2581 in the text itself cannot be told from a space and becomes one.
class SentencePieceTokenizer : public Tokenizer {
public:
    /// Throws std::runtime_error that starts with `file` where a piece comes twice, the space is
    /// none, or not every byte is one: what is no piece is written in bytes and never lost.
    SentencePieceTokenizer(const SentencePieceModel& model, const std::string& file);

    Token size() const override { return static_cast<Token>(text_.size()); }
    std::vector<Token> encode(std::string_view text) const override;
    std::string decode(Token token) const override;
    std::string decode_text(gsl::span<const Token> tokens) const override;
    std::optional<Token> bos() const override { return bos_; }
    std::optional<Token> eos() const override { return eos_; }

private:
    void add_merges(const SentencePieceModel& model);
    std::size_t user_defined_length(std::string_view text) const;
    void append(std::string_view character, std::vector<Token>& tokens) const;

    std::vector<std::string> text_;               // by id: what it decodes to
    std::unordered_map<std::string, Token> ids_;  // of the pieces that text is made of
    std::unordered_map<std::string, Token> user_defined_;
    std::size_t longest_user_defined_ = 0;
    std::vector<Token> byte_tokens_;  // by byte
    MergeTable merges_;
    bool space_before_text_;
    std::optional<Token> bos_;
    std::optional<Token> eos_;
};

}  // namespace aircomp::inference
