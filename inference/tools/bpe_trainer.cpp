// SPDX-License-Identifier: GPL-3.0-or-later
// Greedy merging with incremental pair counts: each merge touches only the pieces that hold it.
#include "bpe_trainer.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <queue>
#include <unordered_set>

namespace aircomp::inference::tools {
namespace {

struct Piece {
    std::vector<std::int32_t> ids;
    std::int64_t count;
};

std::uint64_t key(Merge pair) {
    return static_cast<std::uint64_t>(pair.first) << 32 | static_cast<std::uint32_t>(pair.second);
}

/// Counts of adjacent pairs and the pieces they occur in, kept up to date merge by merge.
class PairTable {
public:
    explicit PairTable(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
        for (std::size_t i = 0; i < pieces_.size(); ++i)
            add(i, +1);
    }

    /// The most frequent pair; its count is zero where none is left.
    std::pair<Merge, std::int64_t> best() {
        while (!queue_.empty()) {
            const Candidate top = queue_.top();
            if (counts_[key(top.pair)] == top.count) return {top.pair, top.count};
            queue_.pop();  // counted again since it was queued
        }
        return {{0, 0}, 0};
    }

    void merge(Merge pair, std::int32_t id) {
        const auto places = std::move(places_[key(pair)]);
        for (const std::size_t i : places) {
            add(i, -1);
            replace(pieces_[i].ids, pair, id);
            add(i, +1);
        }
    }

private:
    struct Candidate {
        std::int64_t count;
        Merge pair;
        bool operator<(const Candidate& other) const {
            return count != other.count ? count < other.count : pair > other.pair;
        }
    };

    void add(std::size_t i, int sign) {
        const Piece& piece = pieces_[i];
        for (std::size_t k = 0; k + 1 < piece.ids.size(); ++k) {
            const Merge pair{piece.ids[k], piece.ids[k + 1]};
            std::int64_t& count = counts_[key(pair)];
            count += sign * piece.count;
            if (sign > 0) places_[key(pair)].insert(i);
            queue_.push({count, pair});
        }
    }

    static void replace(std::vector<std::int32_t>& ids, Merge pair, std::int32_t id) {
        std::size_t out = 0;
        for (std::size_t k = 0; k < ids.size(); ++k) {
            const bool match =
                k + 1 < ids.size() && ids[k] == pair.first && ids[k + 1] == pair.second;
            ids[out++] = match ? id : ids[k];
            if (match) ++k;
        }
        ids.resize(out);
    }

    std::vector<Piece> pieces_;
    std::unordered_map<std::uint64_t, std::int64_t> counts_;
    std::unordered_map<std::uint64_t, std::unordered_set<std::size_t>> places_;
    std::priority_queue<Candidate> queue_;
};

std::string utf8(int code_point) {
    if (code_point < 0x80) return {static_cast<char>(code_point)};
    return {static_cast<char>(0xC0 | code_point >> 6),
            static_cast<char>(0x80 | (code_point & 0x3F))};
}

/// GPT-2's printable stand-ins for the 256 bytes, as tokenizer.json spells them.
std::array<std::string, 256> byte_alphabet() {
    std::array<std::string, 256> alphabet;
    int next = 256;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        alphabet[static_cast<std::size_t>(byte)] = utf8(printable ? byte : next++);
    }
    return alphabet;
}

/// The post-processor that puts `token` before texts.
nlohmann::ordered_json begins_with(const std::string& token, std::size_t id) {
    using json = nlohmann::ordered_json;
    const json first = {{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
    const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const json meaning = {
        {"id", token}, {"ids", json::array({id})}, {"tokens", json::array({token})}};
    return {{"type", "TemplateProcessing"},
            {"single", json::array({first, text})},
            {"pair", json::array()},
            {"special_tokens", {{token, meaning}}}};
}

}  // namespace

std::vector<Merge> learn_merges(const PieceCounts& counts, std::int64_t count) {
    std::vector<Piece> pieces;
    pieces.reserve(counts.size());
    for (const auto& [text, occurrences] : counts) {
        Piece piece{{}, occurrences};
        for (const char c : text)
            piece.ids.push_back(static_cast<unsigned char>(c));
        pieces.push_back(std::move(piece));
    }
    PairTable table(std::move(pieces));
    std::vector<Merge> merges;
    while (static_cast<std::int64_t>(merges.size()) < count) {
        const auto [pair, occurrences] = table.best();
        if (occurrences < 2) break;
        table.merge(pair, 256 + static_cast<std::int32_t>(merges.size()));
        merges.push_back(pair);
    }
    return merges;
}

std::string tokenizer_json(const std::vector<Merge>& merges,
                           const std::vector<std::string>& special_tokens,
                           std::string_view pattern) {
    using json = nlohmann::ordered_json;
    std::vector<std::string> spelling;
    for (const std::string& symbol : byte_alphabet())
        spelling.push_back(symbol);
    json merge_list = json::array();
    for (const auto& [left, right] : merges) {
        const std::string& a = spelling[static_cast<std::size_t>(left)];
        const std::string& b = spelling[static_cast<std::size_t>(right)];
        merge_list.push_back(std::string(a).append(" ").append(b));
        spelling.push_back(a + b);
    }
    json vocabulary = json::object();
    for (std::size_t id = 0; id < spelling.size(); ++id)
        vocabulary[spelling[id]] = id;
    json added = json::array();
    for (const std::string& token : special_tokens) {
        added.push_back({{"id", spelling.size() + added.size()},
                         {"content", token},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", false},
                         {"normalized", false},
                         {"special", true}});
    }
    const json split = {{"type", "Split"},
                        {"pattern", {{"Regex", pattern}}},
                        {"behavior", "Isolated"},
                        {"invert", false}};
    const json byte_level = {{"type", "ByteLevel"},
                             {"add_prefix_space", false},
                             {"trim_offsets", true},
                             {"use_regex", false}};
    const json model = {{"type", "BPE"},
                        {"dropout", nullptr},
                        {"unk_token", nullptr},
                        {"continuing_subword_prefix", nullptr},
                        {"end_of_word_suffix", nullptr},
                        {"fuse_unk", false},
                        {"byte_fallback", false},
                        {"ignore_merges", false},
                        {"vocab", vocabulary},
                        {"merges", merge_list}};
    const json file = {
        {"version", "1.0"},
        {"truncation", nullptr},
        {"padding", nullptr},
        {"added_tokens", added},
        {"normalizer", nullptr},
        {"pre_tokenizer",
         {{"type", "Sequence"}, {"pretokenizers", json::array({split, byte_level})}}},
        {"post_processor", begins_with(special_tokens.front(), spelling.size())},
        {"decoder", byte_level},
        {"model", model}};
    return file.dump(1) + "\n";
}

}  // namespace aircomp::inference::tools
