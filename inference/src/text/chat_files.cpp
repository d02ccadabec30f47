// SPDX-License-Identifier: GPL-3.0-or-later
// Where a model says how conversations are written and how answers end.
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "aircomp/inference/chat_template.hpp"
#include "weights/gguf_files.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {
namespace {

using SpecialTokens = std::vector<std::pair<std::string, std::string>>;

bool is_gguf(const std::filesystem::path& model) {
    return std::filesystem::is_regular_file(model);
}

constexpr std::array<const char*, 7> special_names = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

/// A string, or an object with a member `content`.
const std::string& content_of(const JsonNode& token) {
    return token.value().is_object() ? token.at("content").text() : token.text();
}

SpecialTokens special_tokens(const JsonNode& document) {
    SpecialTokens tokens;
    for (const char* name : special_names)
        if (const auto token = document.find(name)) tokens.emplace_back(name, content_of(*token));
    return tokens;
}

SpecialTokens read_special_tokens(const std::filesystem::path& folder) {
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
        const auto file = folder / name;
        if (!std::filesystem::exists(file)) continue;
        const nlohmann::json document = read_json(file);
        SpecialTokens tokens = special_tokens(JsonNode(document, file.string()));
        if (!tokens.empty()) return tokens;
    }
    return {};
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file.string() + ": cannot be read");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Of a list of named templates the one for plain conversations.
const std::string& default_template(const JsonNode& templates) {
    std::string names;
    for (std::size_t i = 0; i < templates.array_size(); ++i) {
        const JsonNode one = templates.element(i);
        const std::string name = one.at("name").text();
        if (name == "default") return one.at("template").text();
        names += (names.empty() ? "" : ", ") + name;
    }
    throw std::runtime_error("chat_template: expected one named default, found " +
                             (names.empty() ? "none" : names));
}

/// The template under the key `chat_template` of that file.
std::optional<std::string> template_in(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return std::nullopt;
    const nlohmann::json document = read_json(file);
    const auto found = JsonNode(document, file.string()).find("chat_template");
    if (!found) return std::nullopt;
    if (!found->value().is_array()) return found->text();
    try {
        return default_template(*found);
    } catch (const std::runtime_error& error) {
        const std::string what = error.what();
        const bool names_file = what.rfind(file.string(), 0) == 0;
        throw std::runtime_error(names_file ? what : file.string() + ": " + what);
    }
}

/// The texts of the tokens that a GGUF file names by their ids.
SpecialTokens special_tokens(const GgufMetadata& metadata) {
    constexpr std::array<std::pair<const char*, const char*>, 5> names = {
        {{"bos_token", "bos"},
         {"eos_token", "eos"},
         {"unk_token", "unknown"},
         {"sep_token", "seperator"},  // as the format spells it
         {"pad_token", "padding"}}};
    const auto texts = metadata.at("tokenizer.ggml.tokens").texts();
    const auto largest = static_cast<std::int64_t>(texts.size()) - 1;
    SpecialTokens tokens;
    for (const auto& [name, key] : names) {
        const auto* id = metadata.find(std::string("tokenizer.ggml.") + key + "_token_id");
        if (id == nullptr) continue;
        const auto at = static_cast<std::size_t>(id->integer(0, largest));
        tokens.emplace_back(name, texts[at]);
    }
    return tokens;
}

std::optional<ChatTemplate> template_of_gguf(const std::filesystem::path& file) {
    const GgufFiles model(file);
    const GgufMetadata& metadata = model.metadata();
    const GgufValue* text = metadata.find("tokenizer.chat_template");
    if (text == nullptr) return std::nullopt;
    return ChatTemplate(std::string(text->text()), metadata.file() + ": tokenizer.chat_template",
                        special_tokens(metadata));
}

/// Ends of texts, of turns and of messages.
std::vector<Token> ends_of_gguf(const std::filesystem::path& file, std::int64_t vocabulary_size) {
    const GgufFiles model(file);
    std::vector<Token> tokens;
    for (const char* name : {"eos", "eot", "eom"}) {
        const auto* id = model.metadata().find(std::string("tokenizer.ggml.") + name + "_token_id");
        if (id != nullptr) {
            tokens.push_back(static_cast<Token>(id->integer(0, vocabulary_size - 1)));
        }
    }
    return tokens;
}

}  // namespace

std::optional<ChatTemplate> read_chat_template(const std::filesystem::path& model) {
    if (is_gguf(model)) return template_of_gguf(model);
    const auto own_file = model / "chat_template.jinja";
    if (std::filesystem::exists(own_file)) {
        return ChatTemplate(read_file(own_file), own_file.string(), read_special_tokens(model));
    }
    for (const char* name : {"tokenizer_config.json", "chat_template.json"}) {
        const auto file = model / name;
        if (const auto text = template_in(file)) {
            return ChatTemplate(*text, file.string() + ": chat_template",
                                read_special_tokens(model));
        }
    }
    return std::nullopt;
}

std::vector<Token> read_end_tokens(const std::filesystem::path& model,
                                   std::int64_t vocabulary_size) {
    if (is_gguf(model)) return ends_of_gguf(model, vocabulary_size);
    const auto file = model / "generation_config.json";
    if (!std::filesystem::exists(file)) return {};
    const nlohmann::json document = read_json(file);
    const auto ids = JsonNode(document, file.string()).find("eos_token_id");
    if (!ids) return {};
    std::vector<Token> tokens;
    const auto add = [&](const JsonNode& id) {
        tokens.push_back(static_cast<Token>(id.integer(0, vocabulary_size - 1)));
    };
    if (!ids->value().is_array()) {
        add(*ids);
    } else {
        for (std::size_t i = 0; i < ids->array_size(); ++i)
            add(ids->element(i));
    }
    return tokens;
}

}  // namespace aircomp::inference
