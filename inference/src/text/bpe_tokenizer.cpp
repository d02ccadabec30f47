// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-level byte pair encoding: cut the text into pieces, then merge each piece's bytes.
#include "text/bpe_tokenizer.hpp"

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "text/nfc.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {

BpeTokenizer::BpeTokenizer(BpeDefinition definition) : definition_(std::move(definition)) {
    for (int byte = 0; byte < 256; ++byte) {
        byte_tokens_.push_back(definition_.ids.at(std::string(1, static_cast<char>(byte))));
    }
}

Token BpeTokenizer::size() const {
    return static_cast<Token>(definition_.text.size());
}

std::vector<Token> BpeTokenizer::encode(std::string_view text) const {
    require_utf8(text);
    std::vector<Token> tokens;
    std::vector<Token> piece_tokens;
    PairMerger merger(definition_.merges);
    const auto add = [&](std::string_view piece) {
        piece_tokens.clear();
        const auto whole = definition_.ignore_merges ? definition_.ids.find(std::string(piece))
                                                     : definition_.ids.end();
        if (whole != definition_.ids.end()) {
            piece_tokens.push_back(whole->second);
        } else {
            for (const char byte : piece) {
                piece_tokens.push_back(byte_tokens_[static_cast<std::uint8_t>(byte)]);
            }
            merger.merge(piece_tokens);
        }
        tokens.insert(tokens.end(), piece_tokens.begin(), piece_tokens.end());
    };
    if (definition_.nfc) {
        cut(normalize_nfc(text), 0, add);
    } else {
        cut(text, 0, add);
    }
    return tokens;
}

void BpeTokenizer::cut(std::string_view text, std::size_t step,
                       const std::function<void(std::string_view)>& add) const {
    if (step == definition_.cuts.size()) {
        add(text);
        return;
    }
    definition_.cuts[step].split(text, [&](std::string_view piece) { cut(piece, step + 1, add); });
}

std::string BpeTokenizer::decode(Token token) const {
    if (token < 0 || token >= size()) {
        throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                std::to_string(size() - 1));
    }
    return definition_.text[static_cast<std::size_t>(token)];
}

}  // namespace aircomp::inference
