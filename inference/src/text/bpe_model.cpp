// SPDX-License-Identifier: GPL-3.0-or-later
// Byte pair encoding of one piece: its characters' tokens, then merges.
#include "text/bpe_model.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "text/utf8.hpp"

namespace aircomp::inference {

BpeModel::BpeModel(BpeDefinition definition)
    : definition_(std::move(definition)), bytes_(definition_.ids) {}

void BpeModel::encode(std::string_view piece, std::vector<Token>& tokens) const {
    if (definition_.ignore_merges) {
        const auto whole = definition_.ids.find(std::string(piece));
        if (whole != definition_.ids.end()) {
            tokens.push_back(whole->second);
            return;
        }
    }
    std::vector<Token> merged;
    append_characters(piece, merged);
    PairMerger(definition_.merges).merge(merged);
    tokens.insert(tokens.end(), merged.begin(), merged.end());
}

void BpeModel::append_characters(std::string_view piece, std::vector<Token>& tokens) const {
    bool is_unknown = false;  // an unknown character waits for one that is known
    const auto append_unknown = [&] {
        if (is_unknown) tokens.push_back(*definition_.unknown);
        is_unknown = false;
    };
    for (std::size_t at = 0, length = 0; at < piece.size(); at += length) {
        length = utf8_length(piece[at]);
        const std::string_view character = piece.substr(at, length);
        const auto known = definition_.ids.find(std::string(character));
        if (known != definition_.ids.end()) {
            append_unknown();
            tokens.push_back(known->second);
        } else if (definition_.byte_fallback && bytes_.append(character, tokens)) {
            // The reference puts bytes before an unknown character that waits, too.
        } else if (definition_.unknown) {
            if (!definition_.fuses_unknown) append_unknown();
            is_unknown = true;
        }
    }
    append_unknown();
}

MergeTable merges_of_scores(const Vocabulary& ids, const std::vector<float>& scores) {
    std::map<float, std::uint32_t, std::greater<>> ranks;  // equal scores are equally early
    for (const float score : scores)
        ranks.emplace(score, 0);
    std::uint32_t next = 0;
    for (auto& score : ranks)
        score.second = next++;

    MergeTable merges;
    for (const auto& [piece, id] : ids) {
        const Merge merge{ranks.at(scores[static_cast<std::size_t>(id)]), id};
        for (std::size_t cut = 1; cut < piece.size(); ++cut) {
            const auto left = ids.find(piece.substr(0, cut));
            if (left == ids.end()) continue;
            const auto right = ids.find(piece.substr(cut));
            if (right != ids.end()) merges[pair_key(left->second, right->second)] = merge;
        }
    }
    return merges;
}

}  // namespace aircomp::inference
