// SPDX-License-Identifier: GPL-3.0-or-later
// What a tokenizer does with one piece of text, and the vocabulary that all kinds of it have.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// Tokens by what the vocabulary writes for them.
using Vocabulary = std::unordered_map<std::string, Token>;

class PieceModel {
public:
    virtual ~PieceModel() = default;

    /// Appends the tokens of `piece` (valid UTF-8).
    virtual void encode(std::string_view piece, std::vector<Token>& tokens) const = 0;
};

/// How SentencePiece writes a byte as a token: "<0x0A>".
std::string byte_piece(int byte);

/// The byte that `piece` writes, or nothing.
std::optional<char> byte_of_piece(std::string_view piece);

/// The tokens of single bytes, for characters that have none.
class ByteTokens {
public:
    explicit ByteTokens(const Vocabulary& vocabulary);

    /// Appends the tokens of all bytes of `text`, or nothing where one is missing: then false.
    bool append(std::string_view text, std::vector<Token>& tokens) const;

private:
    std::array<std::optional<Token>, 256> tokens_;
};

}  // namespace aircomp::inference
