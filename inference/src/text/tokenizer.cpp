// SPDX-License-Identifier: GPL-3.0-or-later
// Finds a model folder's tokenizer, and what text begins and ends with.
#include "aircomp/inference/tokenizer.hpp"

#include <stdexcept>

#include "text/bpe_tokenizer.hpp"
#include "text/sentencepiece_tokenizer.hpp"
#include "text/tokenizer_json.hpp"
#include "weights/json_reader.hpp"
#include "weights/mapped_file.hpp"

namespace aircomp::inference {

namespace {

/// The id of a special token that tokenizer_config.json gives by its content, either as a string
/// or as an object with a member `content`.
Token token_by_content(const JsonNode& node, const BpeDefinition& definition) {
    const JsonNode content = node.value().is_object() ? node.at("content") : node;
    if (const auto added = definition.added.find(content.text()); added != definition.added.end()) {
        return added->second;
    }
    content.fail("one of the added_tokens of tokenizer.json");
}

/// The id that config.json gives; the first where it gives several.
std::optional<Token> token_by_id(const JsonNode& config, const std::string& key,
                                 const BpeDefinition& definition) {
    const auto id = config.find(key);
    if (!id || (id->value().is_array() && id->array_size() == 0)) return std::nullopt;
    const JsonNode first = id->value().is_array() ? id->element(0) : *id;
    const auto last = static_cast<std::int64_t>(definition.text.size()) - 1;
    return static_cast<Token>(first.integer(0, last));
}

/// tokenizer_config.json has the first word, also to say that there is no such token (null);
/// config.json is asked where it says nothing.
void read_special_tokens(const std::filesystem::path& folder, BpeDefinition& definition) {
    const auto tokenizer_path = folder / "tokenizer_config.json";
    const auto model_path = folder / "config.json";
    const auto read_object = [](const std::filesystem::path& path) {
        return std::filesystem::exists(path) ? read_json(path) : nlohmann::json::object();
    };
    const nlohmann::json tokenizer_document = read_object(tokenizer_path);
    const nlohmann::json model_document = read_object(model_path);
    const JsonNode tokenizer_config(tokenizer_document, tokenizer_path.string());
    const JsonNode model_config(model_document, model_path.string());

    const auto special = [&](const std::string& name) -> std::optional<Token> {
        if (const auto token = tokenizer_config.find(name)) {
            return token_by_content(*token, definition);
        }
        if (tokenizer_config.value().contains(name)) return std::nullopt;
        return token_by_id(model_config, name + "_id", definition);
    };
    definition.bos = special("bos_token");
    definition.eos = special("eos_token");
}

}  // namespace

std::string Tokenizer::decode_text(gsl::span<const Token> tokens) const {
    std::string text;
    for (const Token token : tokens)
        text += decode(token);
    return text;
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
    const auto json_path = folder / "tokenizer.json";
    const auto model_path = folder / "tokenizer.model";
    const bool has_json = std::filesystem::exists(json_path);
    const bool has_model = std::filesystem::exists(model_path);
    if (!has_json && !has_model) {
        throw std::runtime_error(folder.string() +
                                 ": expected tokenizer.json or tokenizer.model, found neither");
    }
    if (has_json) {
        const nlohmann::json document = read_json(json_path);
        const JsonNode root(document, json_path.string());
        if (!has_model || !is_converted_sentencepiece(root)) {
            BpeDefinition definition = read_tokenizer_json(root);
            read_special_tokens(folder, definition);
            return std::make_unique<BpeTokenizer>(std::move(definition));
        }
    }
    const MappedFile file(model_path);
    const std::string_view contents(reinterpret_cast<const char*>(file.contents().data()),
                                    file.contents().size());
    const SentencePieceModel model = read_sentencepiece_model(contents, model_path.string());
    return std::make_unique<SentencePieceTokenizer>(model, model_path.string());
}

void require_same_vocabulary(const Tokenizer& tokenizer, const ModelConfig& config) {
    if (tokenizer.size() > config.vocabulary_size) {
        throw std::runtime_error("tokenizer and model disagree: expected at most " +
                                 std::to_string(config.vocabulary_size) +
                                 " tokens, the model's vocab_size, found " +
                                 std::to_string(tokenizer.size()) + " in the tokenizer");
    }
}

}  // namespace aircomp::inference
