// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-level byte pair encoding: the tokenizer of Llama 3, Qwen2 and GPT-2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/pre_tokenizer.hpp"
#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

/// Two tokens side by side, as a key.
constexpr std::uint64_t pair_key(Token left, Token right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

/// What two neighbours become, and how early: the lowest rank in a piece merges first.
struct Merge {
    std::uint32_t rank;
    Token result;
};

/// A tokenizer as its file describes it.
struct BpeDefinition {
    std::vector<std::string> text;  ///< By id: what it decodes to; empty for special tokens.
    std::unordered_map<std::string, Token> ids;       ///< Ordinary tokens by their bytes.
    std::unordered_map<std::string, Token> added;     ///< Added tokens by their content.
    std::unordered_map<std::uint64_t, Merge> merges;  ///< By pair_key().
    bool ignore_merges = false;      ///< A piece that is a token is not built from merges.
    bool nfc = false;                ///< Text is normalised to form C first.
    std::vector<PreTokenizer> cuts;  ///< Each cuts the pieces that the one before it made.
    std::optional<Token> bos;
    std::optional<Token> eos;
};

class BpeTokenizer : public Tokenizer {
public:
    /// `definition` holds all 256 single bytes as ordinary tokens.
    explicit BpeTokenizer(BpeDefinition definition);

    Token size() const override;
    std::vector<Token> encode(std::string_view text) const override;
    std::string decode(Token token) const override;
    std::optional<Token> bos() const override { return definition_.bos; }
    std::optional<Token> eos() const override { return definition_.eos; }

private:
    class Merger;
    void cut(std::string_view text, std::size_t step, Merger& merger) const;

    BpeDefinition definition_;
    std::vector<Token> byte_tokens_;  // by byte
};

}  // namespace aircomp::inference
