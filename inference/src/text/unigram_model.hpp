// SPDX-License-Identifier: GPL-3.0-or-later
// Unigram: of all ways to write a piece in tokens, the one whose scores add up to the most.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/piece_model.hpp"

namespace aircomp::inference {

struct UnigramDefinition {
    Vocabulary ids;
    std::vector<double> scores;    ///< Logarithms of probabilities, by id.
    std::optional<Token> unknown;  ///< For characters that no token has.
    bool byte_fallback = false;    ///< These are written in bytes, if they can be.
};

class UnigramModel : public PieceModel {
public:
    explicit UnigramModel(UnigramDefinition definition);

    /// Throws std::runtime_error where a character has no token and there is none for unknown ones.
    void encode(std::string_view piece, std::vector<Token>& tokens) const override;

private:
    struct Node {
        double score;
        std::size_t begin;  ///< Of the token that ends here on the best way.
        bool is_reached;
        bool is_unknown;
    };

    std::vector<Node> best_ways(std::string_view piece) const;
    void append(std::string_view text, std::vector<Token>& tokens) const;

    UnigramDefinition definition_;
    ByteTokens bytes_;
    std::vector<std::size_t> lengths_;  // of tokens, in bytes, the shortest first
    double unknown_score_;
};

}  // namespace aircomp::inference
