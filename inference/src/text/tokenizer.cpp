// SPDX-License-Identifier: GPL-3.0-or-later
// Finds a model folder's tokenizer, and what text begins and ends with.
#include "aircomp/inference/tokenizer.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "text/gguf_tokenizer.hpp"
#include "text/pipeline_tokenizer.hpp"
#include "text/sentencepiece_tokenizer.hpp"
#include "text/tokenizer_json.hpp"
#include "weights/gguf.hpp"
#include "weights/json_reader.hpp"
#include "weights/lfs_pointer.hpp"
#include "weights/mapped_file.hpp"

namespace aircomp::inference {

namespace {

// Ids index a table; a file of a few bytes must not ask for gigabytes.
constexpr std::int64_t largest_id = (1 << 21) - 1;

/// A file of the folder, or an empty object where there is none.
class OptionalFile {
public:
    OptionalFile(const std::filesystem::path& folder, const char* name)
        : path_(folder / name),
          document_(std::filesystem::exists(path_) ? read_json(path_) : nlohmann::json::object()) {}

    JsonNode root() const { return {document_, path_.string()}; }

private:
    std::filesystem::path path_;
    nlohmann::json document_;
};

/// The id of a special token that tokenizer_config.json gives by its content, either as a string
/// or as an object with a member `content`.
Token token_by_content(const JsonNode& node, const TokenizerDefinition& definition) {
    const JsonNode content = node.value().is_object() ? node.at("content") : node;
    for (const AddedToken& added : definition.added)
        if (added.content == content.text()) return added.id;
    const auto& pieces = definition.pieces;
    const auto found = std::find(pieces.begin(), pieces.end(), content.text());
    if (found == pieces.end() || content.text().empty()) content.fail("a token of the tokenizer");
    return static_cast<Token>(found - pieces.begin());
}

/// The id that config.json gives; the first where it gives several.
std::optional<Token> token_by_id(const JsonNode& config, const std::string& key,
                                 const TokenizerDefinition& definition) {
    const auto id = config.find(key);
    if (!id || (id->value().is_array() && id->array_size() == 0)) return std::nullopt;
    const JsonNode first = id->value().is_array() ? id->element(0) : *id;
    const auto last = static_cast<std::int64_t>(definition.text.size()) - 1;
    return static_cast<Token>(first.integer(0, last));
}

/// Tokens that tokenizer_config.json and added_tokens.json add to those of the tokenizer itself.
void join_added_tokens(const std::filesystem::path& folder, const JsonNode& tokenizer_config,
                       TokenizerDefinition& definition) {
    if (const auto tokens = tokenizer_config.find("added_tokens_decoder")) {
        for (const auto& [name, value] : tokens->value().items()) {
            const JsonNode node = tokens->at(name);
            const bool is_number = !name.empty() && name.size() < 8 &&
                                   name.find_first_not_of("0123456789") == std::string::npos;
            if (!is_number || std::stoll(name) > largest_id) node.fail("an id as its name");
            add_token(read_added_token(node, static_cast<Token>(std::stoll(name))), node,
                      definition);
        }
    }
    const OptionalFile file(folder, "added_tokens.json");
    const JsonNode added = file.root();
    for (const auto& [content, value] : added.value().items()) {
        const JsonNode node = added.at(content);
        AddedToken token;
        token.content = content;
        token.id = static_cast<Token>(node.integer(0, largest_id));
        add_token(token, node, definition);
    }
}

/// What of a folder lies beside the tokenizer: added tokens, and what text begins and ends with.
/// tokenizer_config.json has the first word on it, also to say that there is no such token (null);
/// config.json is asked where it says nothing, and the tokenizer's own is kept where neither does.
void read_surroundings(const std::filesystem::path& folder, TokenizerDefinition& definition) {
    const OptionalFile tokenizer_file(folder, "tokenizer_config.json");
    const OptionalFile model_file(folder, "config.json");
    const JsonNode tokenizer_config = tokenizer_file.root();
    join_added_tokens(folder, tokenizer_config, definition);
    const auto special = [&](const std::string& name, std::optional<Token> own) {
        if (const auto token = tokenizer_config.find(name)) {
            return std::optional(token_by_content(*token, definition));
        }
        if (tokenizer_config.value().contains(name)) return std::optional<Token>();
        const auto id = token_by_id(model_file.root(), name + "_id", definition);
        return id ? id : own;
    };
    definition.eos = special("eos_token", definition.eos);
    const auto bos = special("bos_token", definition.bos);
    if (const auto puts_bos = tokenizer_config.find("add_bos_token")) {
        definition.bos = puts_bos->boolean() ? bos : std::nullopt;
    }
}

TokenizerDefinition read_sentencepiece(const std::filesystem::path& path) {
    const MappedFile file(path);
    refuse_lfs_pointer(file.contents(), path.string());
    const std::string_view contents(reinterpret_cast<const char*>(file.contents().data()),
                                    file.contents().size());
    return sentencepiece_definition(read_sentencepiece_model(contents, path.string()),
                                    path.string());
}

TokenizerDefinition read_folder(const std::filesystem::path& folder) {
    const auto json_path = folder / "tokenizer.json";
    const auto model_path = folder / "tokenizer.model";
    const bool has_model = std::filesystem::exists(model_path);
    if (!std::filesystem::exists(json_path)) {
        if (has_model) return read_sentencepiece(model_path);
        throw std::runtime_error(folder.string() +
                                 ": expected tokenizer.json or tokenizer.model, found neither");
    }
    if (std::filesystem::is_regular_file(json_path)) {
        refuse_lfs_pointer(MappedFile(json_path).contents(), json_path.string());
    }
    const nlohmann::json document = read_json(json_path);
    const JsonNode root(document, json_path.string());
    if (!has_model || has_vocabulary(root)) return read_tokenizer_json(root);
    TokenizerDefinition definition = read_sentencepiece(model_path);
    if (const auto added = root.find("added_tokens")) read_added_tokens(*added, definition);
    return definition;
}

}  // namespace

std::string Tokenizer::decode_text(gsl::span<const Token> tokens) const {
    std::string text;
    for (const Token token : tokens)
        text += decode(token);
    return text;
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& model) {
    if (std::filesystem::is_regular_file(model)) {
        const MappedFile file(model);
        const GgufFile gguf = parse_gguf(file.contents(), model.string());
        return std::make_unique<PipelineTokenizer>(read_gguf_tokenizer(gguf.metadata));
    }
    TokenizerDefinition definition = read_folder(model);
    read_surroundings(model, definition);
    return std::make_unique<PipelineTokenizer>(std::move(definition));
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
