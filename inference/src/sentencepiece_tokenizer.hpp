// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.model of Llama 2 and Mistral, run by the SentencePiece library.
#pragma once

#include <sentencepiece_processor.h>

#include <filesystem>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// SentencePiece writes a space as U+2581 and puts one before the text (where the model was
/// trained so, as Llama's was), because the first word is to look like any other. The bytes of
/// all tokens joined are hence the text with a space before it; decode_text() takes it off. A
/// U+2581 in the text itself cannot be told from a space and becomes one.
class SentencePieceTokenizer : public Tokenizer {
public:
    /// Throws std::runtime_error, naming the file, where it is not a SentencePiece model or has
    /// not all bytes as pieces (without them, characters it does not know would be lost).
    explicit SentencePieceTokenizer(const std::filesystem::path& file);

    Token size() const override;
    std::vector<Token> encode(std::string_view text) const override;
    std::string decode(Token token) const override;
    std::string decode_text(gsl::span<const Token> tokens) const override;
    std::optional<Token> bos() const override;
    std::optional<Token> eos() const override;

private:
    sentencepiece::SentencePieceProcessor processor_;
    bool space_before_text_ = false;
};

}  // namespace aircomp::inference
