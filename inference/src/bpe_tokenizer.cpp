// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-level byte pair encoding: cut the text into pieces, then merge each piece's bytes.
#include "bpe_tokenizer.hpp"

#include <queue>
#include <stdexcept>
#include <utility>

#include "nfc.hpp"
#include "utf8.hpp"

namespace aircomp::inference {

/// Turns pieces into tokens, one after the other; keeps its buffers from piece to piece.
class BpeTokenizer::Merger {
public:
    Merger(const BpeTokenizer& tokenizer, std::vector<Token>& tokens)
        : tokenizer_(tokenizer), tokens_(tokens) {}

    void add(std::string_view piece) {
        const BpeDefinition& definition = tokenizer_.definition_;
        if (definition.ignore_merges) {
            const auto whole = definition.ids.find(std::string(piece));
            if (whole != definition.ids.end()) {
                tokens_.push_back(whole->second);
                return;
            }
        }
        merge(piece);
        for (std::size_t i = 0; i < symbols_.size(); i = symbols_[i].next) {
            tokens_.push_back(symbols_[i].token);
        }
    }

private:
    /// One token of the piece so far, in a doubly linked list over the bytes' positions.
    struct Symbol {
        Token token;  ///< `merged_away` where its left neighbour has swallowed it.
        std::size_t previous;
        std::size_t next;
    };
    static constexpr Token merged_away = -1;

    /// Two neighbours that may merge; out of date once either of them has changed.
    struct Candidate {
        Merge merge;
        std::size_t left;
        Token left_token;
        Token right_token;

        bool operator<(const Candidate& other) const {  // the queue's top is the largest
            return std::pair(other.merge.rank, other.left) < std::pair(merge.rank, left);
        }
    };

    void merge(std::string_view piece) {
        const std::size_t end = piece.size();
        symbols_.clear();
        for (std::size_t i = 0; i < end; ++i) {
            const Token token = tokenizer_.byte_tokens_[static_cast<std::uint8_t>(piece[i])];
            symbols_.push_back({token, i == 0 ? end : i - 1, i + 1});
        }
        for (std::size_t i = 0; i < end; ++i)
            consider(i);

        while (!candidates_.empty()) {
            const Candidate best = candidates_.top();
            candidates_.pop();
            Symbol& left = symbols_[best.left];
            if (left.token != best.left_token || left.next == end) continue;
            Symbol& right = symbols_[left.next];
            if (right.token != best.right_token) continue;

            left.token = best.merge.result;
            right.token = merged_away;
            left.next = right.next;
            if (left.next != end) symbols_[left.next].previous = best.left;
            if (left.previous != end) consider(left.previous);
            consider(best.left);
        }
    }

    /// Queues symbol `left` and its right neighbour where they may merge.
    void consider(std::size_t left) {
        const std::size_t right = symbols_[left].next;
        if (right == symbols_.size()) return;
        const Token left_token = symbols_[left].token;
        const Token right_token = symbols_[right].token;
        const auto& merges = tokenizer_.definition_.merges;
        const auto found = merges.find(pair_key(left_token, right_token));
        if (found != merges.end()) {
            candidates_.push({found->second, left, left_token, right_token});
        }
    }

    const BpeTokenizer& tokenizer_;
    std::vector<Token>& tokens_;
    std::vector<Symbol> symbols_;
    std::priority_queue<Candidate> candidates_;
};

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
    Merger merger(*this, tokens);
    if (definition_.nfc) {
        cut(normalize_nfc(text), 0, merger);
    } else {
        cut(text, 0, merger);
    }
    return tokens;
}

void BpeTokenizer::cut(std::string_view text, std::size_t step, Merger& merger) const {
    if (step == definition_.cuts.size()) {
        merger.add(text);
        return;
    }
    definition_.cuts[step].split(text,
                                 [&](std::string_view piece) { cut(piece, step + 1, merger); });
}

std::string BpeTokenizer::decode(Token token) const {
    if (token < 0 || token >= size()) {
        throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                std::to_string(size() - 1));
    }
    return definition_.text[static_cast<std::size_t>(token)];
}

}  // namespace aircomp::inference
