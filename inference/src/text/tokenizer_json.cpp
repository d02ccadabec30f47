// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json: vocabulary, merges or scores, and added tokens, checked.
#include "text/tokenizer_json.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "text/bpe_model.hpp"
#include "text/tokenizer_json_steps.hpp"
#include "text/unigram_model.hpp"

namespace aircomp::inference {

namespace {

// Ids index a table; a file of a few bytes must not ask for gigabytes.
constexpr std::int64_t largest_id = (1 << 21) - 1;

void refuse_unless_absent_or(const JsonNode& node, const char* key, const nlohmann::json& off) {
    if (const auto option = node.find(key); option && option->value() != off) {
        option->fail("null or " + off.dump() + " (anything else is not implemented)");
    }
}

bool is_set(const JsonNode& node, const char* key) {
    const auto option = node.find(key);
    return option && option->boolean();
}

Vocabulary read_vocabulary(const JsonNode& vocabulary, std::vector<std::string>& pieces) {
    if (!vocabulary.value().is_object()) vocabulary.fail("an object of tokens and their ids");
    Vocabulary ids;
    ids.reserve(vocabulary.value().size());
    std::vector<bool> taken;
    for (const auto& [name, value] : vocabulary.value().items()) {
        const JsonNode node = vocabulary.at(name);
        const auto id = static_cast<std::size_t>(node.integer(0, largest_id));
        if (id >= taken.size()) {
            taken.resize(id + 1);
            pieces.resize(id + 1);
        }
        if (taken[id]) node.fail("an id that no other token has");
        taken[id] = true;
        pieces[id] = name;
        ids.emplace(name, static_cast<Token>(id));
    }
    return ids;
}

/// A merge's two sides: "left right" in older files, ["left", "right"] in newer ones.
std::pair<std::string, std::string> merge_sides(const JsonNode& merge) {
    if (merge.value().is_array()) {
        if (merge.array_size() != 2) merge.fail("a pair of tokens");
        return {merge.element(0).text(), merge.element(1).text()};
    }
    const std::string& text = merge.text();
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
        merge.fail("two tokens with a space between them");
    }
    return {text.substr(0, space), text.substr(space + 1)};
}

MergeTable read_merges(const JsonNode& merges, const Vocabulary& ids) {
    const auto id_of = [&](const std::string& piece, const JsonNode& merge) {
        const auto found = ids.find(piece);
        if (found == ids.end()) merge.fail("tokens of the vocabulary that join to one");
        return found->second;
    };
    MergeTable table;
    table.reserve(merges.array_size());
    for (std::size_t rank = 0; rank < merges.array_size(); ++rank) {
        const JsonNode merge = merges.element(rank);
        const auto [left, right] = merge_sides(merge);
        // Of a pair that is listed twice the reference takes the later place.
        table[pair_key(id_of(left, merge), id_of(right, merge))] = {
            static_cast<std::uint32_t>(rank), id_of(left + right, merge)};
    }
    return table;
}

std::shared_ptr<const PieceModel> read_bpe(const JsonNode& model, TokenizerDefinition& definition) {
    refuse_unless_absent_or(model, "dropout", 0.0);
    refuse_unless_absent_or(model, "continuing_subword_prefix", "");
    refuse_unless_absent_or(model, "end_of_word_suffix", "");
    BpeDefinition bpe;
    bpe.ids = read_vocabulary(model.at("vocab"), definition.pieces);
    bpe.merges = read_merges(model.at("merges"), bpe.ids);
    bpe.byte_fallback = is_set(model, "byte_fallback");
    bpe.ignore_merges = is_set(model, "ignore_merges");
    bpe.fuses_unknown = is_set(model, "fuse_unk");
    if (const auto unknown = model.find("unk_token"); unknown && !unknown->text().empty()) {
        const auto found = bpe.ids.find(unknown->text());
        if (found == bpe.ids.end()) unknown->fail("a token of the vocabulary");
        bpe.unknown = found->second;
    }
    return std::make_shared<BpeModel>(std::move(bpe));
}

std::shared_ptr<const PieceModel> read_unigram(const JsonNode& model,
                                               TokenizerDefinition& definition) {
    UnigramDefinition unigram;
    const JsonNode vocabulary = model.at("vocab");
    if (vocabulary.array_size() > static_cast<std::size_t>(largest_id)) {
        vocabulary.fail("at most " + std::to_string(largest_id) + " tokens");
    }
    for (std::size_t id = 0; id < vocabulary.array_size(); ++id) {
        const JsonNode entry = vocabulary.element(id);
        definition.pieces.push_back(entry.element(0).text());
        unigram.scores.push_back(entry.element(1).number());
        unigram.ids[definition.pieces.back()] = static_cast<Token>(id);
    }
    unigram.byte_fallback = is_set(model, "byte_fallback");
    if (const auto unknown = model.find("unk_id")) {
        const auto last = static_cast<std::int64_t>(unigram.scores.size()) - 1;
        unigram.unknown = static_cast<Token>(unknown->integer(0, last));
    }
    return std::make_shared<UnigramModel>(std::move(unigram));
}

/// Files of the first versions do not name their model.
std::string type_of(const JsonNode& model) {
    if (const auto type = model.find("type")) return type->text();
    return model.find("merges") ? "BPE" : "Unigram";
}

void read_model(const JsonNode& model, TokenizerDefinition& definition) {
    const std::string type = type_of(model);
    if (type == "BPE") {
        definition.model = read_bpe(model, definition);
    } else if (type == "Unigram") {
        definition.model = read_unigram(model, definition);
    } else {
        model.at("type").fail("\"BPE\" or \"Unigram\"");
    }
}

void read_decoding(const JsonNode& document, TokenizerDefinition& definition) {
    Decoder decoder;
    if (const auto node = document.find("decoder")) {
        read_decoder(*node, decoder);
    } else if (const auto pre_tokenizer = document.find("pre_tokenizer")) {
        decoder = decoder_of(*pre_tokenizer);
    }
    definition.takes_off_space = decoder.takes_off_space;
    for (const std::string& piece : definition.pieces) {
        std::string text = piece;
        for (const TextStep& step : decoder.steps)
            text = step(std::move(text));
        definition.text.push_back(std::move(text));
    }
}

}  // namespace

AddedToken read_added_token(const JsonNode& token, Token id) {
    AddedToken added;
    added.content = token.at("content").text();
    added.id = id;
    added.special = is_set(token, "special");
    added.left_strip = is_set(token, "lstrip");
    added.right_strip = is_set(token, "rstrip");
    added.single_word = is_set(token, "single_word");
    const auto normalized = token.find("normalized");
    added.normalized = normalized ? normalized->boolean() : !added.special;
    return added;
}

void add_token(const AddedToken& token, const JsonNode& node, TokenizerDefinition& definition) {
    for (const AddedToken& known : definition.added)
        if (known.content == token.content) return;
    definition.reserve(token.id);
    const auto id = static_cast<std::size_t>(token.id);
    std::string& piece = definition.pieces[id];
    if (!piece.empty() && piece != token.content) {
        node.fail("an id of its own for '" + token.content + "', that of '" + piece + "' is " +
                  std::to_string(token.id));
    }
    piece = token.content;
    definition.text[id] = token.special ? "" : token.content;
    definition.added.push_back(token);
}

void read_added_tokens(const JsonNode& tokens, TokenizerDefinition& definition) {
    for (std::size_t i = 0; i < tokens.array_size(); ++i) {
        const JsonNode token = tokens.element(i);
        const auto id = static_cast<Token>(token.at("id").integer(0, largest_id));
        add_token(read_added_token(token, id), token.at("id"), definition);
    }
}

TokenizerDefinition read_tokenizer_json(const JsonNode& document) {
    TokenizerDefinition definition;
    read_model(document.at("model"), definition);
    read_decoding(document, definition);
    if (const auto added = document.find("added_tokens")) read_added_tokens(*added, definition);
    if (const auto normalizer = document.find("normalizer")) {
        read_normalizer(*normalizer, definition.normalizer);
    }
    if (const auto pre_tokenizer = document.find("pre_tokenizer")) {
        read_pre_tokenizer(*pre_tokenizer, definition.cuts);
    }
    if (const auto post_processor = document.find("post_processor")) {
        if (const auto first = read_first_token(*post_processor)) {
            if (*first >= static_cast<std::int64_t>(definition.pieces.size())) {
                post_processor->fail("a token of the vocabulary before the text, not " +
                                     std::to_string(*first));
            }
            definition.bos = static_cast<Token>(*first);
        }
    }
    return definition;
}

bool has_vocabulary(const JsonNode& document) {
    const auto model = document.find("model");
    return model && model->find("vocab");
}

}  // namespace aircomp::inference
