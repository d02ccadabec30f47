// SPDX-License-Identifier: GPL-3.0-or-later
// Byte pair encoding: characters of a piece, merged. The model of GPT-2, Llama, Qwen and most others.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "text/pair_merger.hpp"
#include "text/piece_model.hpp"

namespace aircomp::inference {

struct BpeDefinition {
    Vocabulary ids;
    MergeTable merges;
    std::optional<Token> unknown;  ///< For characters without a token; none: they are dropped.
    bool fuses_unknown = false;    ///< One token for several of them in a row.
    bool byte_fallback = false;  ///< A character without a token is written in bytes, if it can be.
    bool ignore_merges = false;  ///< A piece that is a token is not built from merges.
};

class BpeModel : public PieceModel {
public:
    explicit BpeModel(BpeDefinition definition);

    void encode(std::string_view piece, std::vector<Token>& tokens) const override;

private:
    void append_characters(std::string_view piece, std::vector<Token>& tokens) const;

    BpeDefinition definition_;
    ByteTokens bytes_;
};

/// The merges that SentencePiece's scores mean: two tokens merge where joined they are one, the
/// highest score first. `ids` are the tokens that text is made of, `scores` those of all, by id.
MergeTable merges_of_scores(const Vocabulary& ids, const std::vector<float>& scores);

}  // namespace aircomp::inference
