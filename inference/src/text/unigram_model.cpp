// SPDX-License-Identifier: GPL-3.0-or-later
// The best way through a piece by Viterbi's algorithm, unknown characters joined.
#include "text/unigram_model.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <utility>

#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

constexpr double unknown_penalty = 10;  // below the lowest score; SentencePiece's

}  // namespace

UnigramModel::UnigramModel(UnigramDefinition definition)
    : definition_(std::move(definition)), bytes_(definition_.ids) {
    std::set<std::size_t> lengths;
    for (const auto& token : definition_.ids)
        if (!token.first.empty()) lengths.insert(token.first.size());
    lengths_.assign(lengths.begin(), lengths.end());
    const auto lowest = std::min_element(definition_.scores.begin(), definition_.scores.end());
    unknown_score_ = (lowest == definition_.scores.end() ? 0 : *lowest) - unknown_penalty;
}

/// By where they end, the best ways through `piece`.
std::vector<UnigramModel::Node> UnigramModel::best_ways(std::string_view piece) const {
    std::vector<Node> nodes(piece.size() + 1, Node{0, 0, false, false});
    const auto offer = [&](std::size_t end, double score, std::size_t begin, bool is_unknown) {
        Node& node = nodes[end];
        if (!node.is_reached || score > node.score) node = {score, begin, true, is_unknown};
    };
    for (std::size_t begin = 0, length = 0; begin < piece.size(); begin += length) {
        length = utf8_length(piece[begin]);
        const double score_here = nodes[begin].score;
        bool has_character = false;
        for (const std::size_t bytes : lengths_) {
            if (bytes > piece.size() - begin) break;
            const auto found = definition_.ids.find(std::string(piece.substr(begin, bytes)));
            if (found == definition_.ids.end()) continue;
            const double score = definition_.scores[static_cast<std::size_t>(found->second)];
            const bool is_unknown = definition_.unknown == found->second;
            offer(begin + bytes, score + score_here, begin, is_unknown);
            has_character = has_character || bytes == length;
        }
        if (has_character) continue;
        if (!definition_.unknown) {
            throw std::runtime_error(
                "text: expected characters that the tokenizer has tokens for, "
                "found '" +
                std::string(piece.substr(begin, length)) + "'");
        }
        offer(begin + length, unknown_score_ + score_here, begin, true);
    }
    return nodes;
}

void UnigramModel::encode(std::string_view piece, std::vector<Token>& tokens) const {
    const std::vector<Node> nodes = best_ways(piece);
    std::vector<std::pair<std::size_t, std::size_t>> stretches;  // from right to left
    bool after_unknown = false;
    for (std::size_t end = piece.size(); end > 0; end = nodes[end].begin) {
        const bool is_unknown = nodes[end].is_unknown;
        if (is_unknown && after_unknown) {
            stretches.back().first = nodes[end].begin;
        } else {
            stretches.emplace_back(nodes[end].begin, end);
        }
        after_unknown = is_unknown;
    }
    for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch)
        append(piece.substr(stretch->first, stretch->second - stretch->first), tokens);
}

void UnigramModel::append(std::string_view text, std::vector<Token>& tokens) const {
    const auto known = definition_.ids.find(std::string(text));
    if (known != definition_.ids.end()) {
        tokens.push_back(known->second);
    } else if (!definition_.byte_fallback || !bytes_.append(text, tokens)) {
        tokens.push_back(*definition_.unknown);
    }
}

}  // namespace aircomp::inference
