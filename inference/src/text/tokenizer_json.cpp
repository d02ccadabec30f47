// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json: vocabulary, merges, added tokens and how text is cut, checked.
#include "text/tokenizer_json.hpp"

#include <algorithm>
#include <utility>

#include "text/byte_alphabet.hpp"

namespace aircomp::inference {

namespace {

// What ByteLevel cuts by where it is told to use its own expression (`use_regex`).
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Ids index a table; a file of a few bytes must not ask for gigabytes.
constexpr std::int64_t largest_id = (1 << 21) - 1;

void refuse_unless_absent_or(const JsonNode& node, const char* key, const nlohmann::json& off) {
    if (const auto option = node.find(key); option && option->value() != off) {
        option->fail("null or " + off.dump() + " (anything else is not implemented)");
    }
}

std::string bytes_of(const std::string& text, const JsonNode& node) {
    auto bytes = bytes_from_alphabet(text);
    if (!bytes) node.fail("a token written in the byte-level alphabet");
    return *std::move(bytes);
}

void read_vocabulary(const JsonNode& vocabulary, BpeDefinition& definition) {
    if (!vocabulary.value().is_object()) vocabulary.fail("an object of tokens and their ids");
    std::vector<bool> taken;
    for (const auto& [name, value] : vocabulary.value().items()) {
        const JsonNode node = vocabulary.at(name);
        const auto id = static_cast<std::size_t>(node.integer(0, largest_id));
        if (id >= taken.size()) {
            taken.resize(id + 1);
            definition.text.resize(id + 1);
        }
        if (taken[id]) node.fail("an id that no other token has");
        taken[id] = true;
        std::string bytes = bytes_of(name, node);
        if (bytes.empty()) node.fail("a token of at least one byte");
        definition.text[id] = bytes;
        definition.ids.emplace(std::move(bytes), static_cast<Token>(id));
    }
    for (int byte = 0; byte < 256; ++byte) {
        if (definition.ids.count(std::string(1, static_cast<char>(byte))) == 0) {
            vocabulary.fail("every single byte as a token, also byte " + std::to_string(byte));
        }
    }
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

void read_merges(const JsonNode& merges, BpeDefinition& definition) {
    const auto id_of = [&](const std::string& bytes, const JsonNode& merge) {
        const auto found = definition.ids.find(bytes);
        if (found == definition.ids.end()) merge.fail("tokens of the vocabulary that join to one");
        return found->second;
    };
    definition.merges.reserve(merges.array_size());
    for (std::size_t rank = 0; rank < merges.array_size(); ++rank) {
        const JsonNode merge = merges.element(rank);
        const auto sides = merge_sides(merge);
        const std::string left = bytes_of(sides.first, merge);
        const std::string right = bytes_of(sides.second, merge);
        const std::uint64_t key = pair_key(id_of(left, merge), id_of(right, merge));
        const Merge entry{static_cast<std::uint32_t>(rank), id_of(left + right, merge)};
        if (!definition.merges.emplace(key, entry).second) merge.fail("a pair not listed before");
    }
}

void read_model(const JsonNode& model, BpeDefinition& definition) {
    const JsonNode type = model.at("type");
    if (type.text() != "BPE") type.fail("\"BPE\"");
    refuse_unless_absent_or(model, "dropout", 0.0);
    refuse_unless_absent_or(model, "continuing_subword_prefix", "");
    refuse_unless_absent_or(model, "end_of_word_suffix", "");
    refuse_unless_absent_or(model, "byte_fallback", false);
    const auto ignore_merges = model.find("ignore_merges");
    definition.ignore_merges = ignore_merges && ignore_merges->boolean();
    read_vocabulary(model.at("vocab"), definition);
    read_merges(model.at("merges"), definition);
}

/// Whether encoding can produce the token: a single byte, or what a merge makes.
bool is_reachable(std::size_t id, const BpeDefinition& definition) {
    return definition.text[id].size() == 1 ||
           std::any_of(definition.merges.begin(), definition.merges.end(), [&](const auto& merge) {
               return merge.second.result == static_cast<Token>(id);
           });
}

void read_added_token(const JsonNode& token, BpeDefinition& definition) {
    const std::string& content = token.at("content").text();
    const auto id = static_cast<std::size_t>(token.at("id").integer(0, largest_id));
    if (id >= definition.text.size()) definition.text.resize(id + 1);
    std::string& text = definition.text[id];
    if (!text.empty() && text != content) token.at("id").fail("an id of its own");
    if (!definition.added.emplace(content, static_cast<Token>(id)).second) {
        token.at("content").fail("a token not added before");
    }
    if (!token.at("special").boolean()) {
        text = content;
    } else if (!text.empty()) {  // listed in the vocabulary as well, as in GPT-2's file
        if (is_reachable(id, definition))
            token.at("content").fail("a token that no text encodes to");
        definition.ids.erase(content);
        text.clear();
    }
}

void read_added_tokens(const JsonNode& tokens, BpeDefinition& definition) {
    for (std::size_t i = 0; i < tokens.array_size(); ++i) {
        read_added_token(tokens.element(i), definition);
    }
}

void read_normalizer(const JsonNode& normalizer, BpeDefinition& definition) {
    const JsonNode type = normalizer.at("type");
    if (type.text() == "NFC") {
        definition.nfc = true;
    } else if (type.text() == "Sequence") {
        const JsonNode steps = normalizer.at("normalizers");
        for (std::size_t i = 0; i < steps.array_size(); ++i) {
            const JsonNode step = steps.element(i).at("type");
            if (step.text() != "NFC") step.fail("\"NFC\"");
            definition.nfc = true;
        }
    } else {
        type.fail("\"NFC\" or a \"Sequence\" of it");
    }
}

void add_split(const JsonNode& split, BpeDefinition& definition) {
    const JsonNode behavior = split.at("behavior");
    if (behavior.text() != "Isolated") behavior.fail("\"Isolated\"");
    if (split.at("invert").boolean()) split.at("invert").fail("false (true is not implemented)");
    const JsonNode pattern = split.at("pattern").at("Regex");
    try {
        definition.cuts.emplace_back(pattern.text());
    } catch (const std::runtime_error& error) {
        pattern.fail(std::string("a regular expression (") + error.what() + ")");
    }
}

void add_byte_level(const JsonNode& byte_level, BpeDefinition& definition) {
    if (byte_level.at("add_prefix_space").boolean()) {
        byte_level.at("add_prefix_space").fail("false (true is not implemented)");
    }
    const auto use_regex = byte_level.find("use_regex");
    if (!use_regex || use_regex->boolean()) definition.cuts.emplace_back(gpt2_pattern);
}

void add_digits(const JsonNode& digits, BpeDefinition& definition) {
    const bool each = digits.at("individual_digits").boolean();
    definition.cuts.emplace_back(each ? R"(\p{N})" : R"(\p{N}+)");
}

/// One step of cutting, or a sequence of them. ByteLevel comes last: it is what makes the pieces
/// bytes, and nothing that cuts text may follow it.
void read_pre_tokenizer(const JsonNode& pre_tokenizer, BpeDefinition& definition) {
    const JsonNode type = pre_tokenizer.at("type");
    if (type.text() == "ByteLevel") return add_byte_level(pre_tokenizer, definition);
    if (type.text() != "Sequence") type.fail("\"ByteLevel\" or \"Sequence\"");
    const JsonNode steps = pre_tokenizer.at("pretokenizers");
    if (steps.array_size() == 0) steps.fail("at least one step");
    for (std::size_t i = 0; i < steps.array_size(); ++i) {
        const JsonNode step = steps.element(i);
        const JsonNode kind = step.at("type");
        const bool last = i + 1 == steps.array_size();
        if (last != (kind.text() == "ByteLevel"))
            kind.fail("\"ByteLevel\", as the last step alone");
        if (last) {
            add_byte_level(step, definition);
        } else if (kind.text() == "Split") {
            add_split(step, definition);
        } else if (kind.text() == "Digits") {
            add_digits(step, definition);
        } else {
            kind.fail("\"Split\", \"Digits\" or \"ByteLevel\"");
        }
    }
}

}  // namespace

BpeDefinition read_tokenizer_json(const JsonNode& document) {
    BpeDefinition definition;
    read_model(document.at("model"), definition);
    if (const auto added = document.find("added_tokens")) read_added_tokens(*added, definition);
    if (const auto normalizer = document.find("normalizer")) {
        read_normalizer(*normalizer, definition);
    }
    read_pre_tokenizer(document.at("pre_tokenizer"), definition);
    if (const auto decoder = document.find("decoder")) {
        const JsonNode type = decoder->at("type");
        if (type.text() != "ByteLevel") type.fail("\"ByteLevel\"");
    }
    return definition;
}

bool is_converted_sentencepiece(const JsonNode& document) {
    const auto model = document.find("model");
    if (!model) return false;
    const auto type = model->find("type");
    const auto fallback = model->find("byte_fallback");
    return (type && type->value() == "Unigram") || (fallback && fallback->value() == true);
}

}  // namespace aircomp::inference
