// SPDX-License-Identifier: GPL-3.0-or-later
// Encoding in the order of Hugging Face's tokenizers: added tokens are found before the rest is
// normalised, or right after, then the rest is cut, and every piece becomes tokens.
#include "text/pipeline_tokenizer.hpp"

#include <cstddef>
#include <stdexcept>
#include <utility>

#include "text/utf8.hpp"

namespace aircomp::inference {

void TokenizerDefinition::reserve(Token id) {
    const auto size = static_cast<std::size_t>(id) + 1;
    if (size <= pieces.size()) return;
    pieces.resize(size);
    text.resize(size);
}

PipelineTokenizer::PipelineTokenizer(TokenizerDefinition definition)
    : definition_(std::move(definition)) {
    for (AddedToken token : definition_.added) {
        if (!token.normalized) {
            raw_.add(token);
            continue;
        }
        token.content = normalized(token.content);
        normalized_.add(token);
    }
    for (const AddedToken& token : definition_.literal)
        normalized_.add(token);
}

std::string PipelineTokenizer::normalized(std::string text) const {
    for (const TextStep& step : definition_.normalizer)
        text = step(std::move(text));
    return text;
}

std::vector<Token> PipelineTokenizer::encode(std::string_view text) const {
    require_utf8(text);
    std::vector<Token> tokens;
    const auto append = [&](Token token) { tokens.push_back(token); };
    const auto encode_part = [&](std::string_view part, std::size_t begin) {
        const std::string normal = normalized(std::string(part));
        normalized_.split(
            normal,
            [&](std::string_view rest, std::size_t offset) {
                encode_piece({std::string(rest), begin == 0 && offset == 0}, tokens);
            },
            append);
    };
    raw_.split(text, encode_part, append);
    return tokens;
}

void PipelineTokenizer::encode_piece(Piece piece, std::vector<Token>& tokens) const {
    std::vector<Piece> pieces;
    pieces.push_back(std::move(piece));
    for (const CutStep& cut : definition_.cuts)
        cut(pieces);
    for (const Piece& one : pieces)
        definition_.model->encode(one.text, tokens);
}

std::size_t PipelineTokenizer::index_of(Token token) const {
    if (token < 0 || token >= size()) {
        throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                std::to_string(size() - 1));
    }
    return static_cast<std::size_t>(token);
}

std::string PipelineTokenizer::decode(Token token) const {
    return definition_.text[index_of(token)];
}

std::string PipelineTokenizer::piece(Token token) const {
    return definition_.pieces[index_of(token)];
}

std::string PipelineTokenizer::decode_text(gsl::span<const Token> tokens) const {
    std::string text = Tokenizer::decode_text(tokens);
    if (definition_.takes_off_space && !text.empty() && text.front() == ' ') text.erase(0, 1);
    return text;
}

}  // namespace aircomp::inference
