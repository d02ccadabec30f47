// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-level byte pair encoding: the tokenizer of Llama 3, Qwen2 and GPT-2.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/pre_tokenizer.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "text/pair_merger.hpp"

namespace aircomp::inference {

/// A tokenizer as its file describes it.
struct BpeDefinition {
    std::vector<std::string> text;  ///< By id: what it decodes to; empty for special tokens.
    std::unordered_map<std::string, Token> ids;    ///< Ordinary tokens by their bytes.
    std::unordered_map<std::string, Token> added;  ///< Added tokens by their content.
    MergeTable merges;
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
    /// Cuts `text` by the steps from `step` on and hands every piece to `add`.
    void cut(std::string_view text, std::size_t step,
             const std::function<void(std::string_view)>& add) const;

    BpeDefinition definition_;
    std::vector<Token> byte_tokens_;  // by byte
};

}  // namespace aircomp::inference
