// SPDX-License-Identifier: GPL-3.0-or-later
// Conversations as a model was taught to read them: its chat template, found and rendered.
#pragma once

#include <ctime>
#include <filesystem>
#include <gsl/span>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

struct ChatMessage {
    std::string role;     ///< `system`, `user` or `assistant`.
    std::string content;  ///< UTF-8.
};

/// A template that Hugging Face's transformers would render, with the same result
/// (docs/decisions/0015). It comes with a model and is not trusted: rendering is bounded.
class ChatTemplate {
public:
    /// `special_tokens`: what names such as `bos_token` stand for; `source` names the template in
    /// errors. Throws std::runtime_error, with source and line, for what is no template or uses a
    /// statement that is not implemented.
    ChatTemplate(const std::string& text, const std::string& source,
                 std::vector<std::pair<std::string, std::string>> special_tokens);

    /// The conversation as text, special tokens written out: BOS is part of it where the model wants
    /// it. `begin_answer` adds what an answer of the assistant begins with. `now`: for templates that
    /// tell the date. Throws std::runtime_error, with source and line, where the template refuses
    /// the conversation or needs something that is not implemented.
    std::string render(gsl::span<const ChatMessage> messages, bool begin_answer,
                       std::time_t now) const;

    /// What the template writes behind an answer, without white space around it; empty where that
    /// is nothing.
    std::string end_of_turn() const;

    const std::string& source() const { return source_; }

private:
    struct Tree;

    std::string source_;
    std::shared_ptr<const Tree> tree_;
    std::vector<std::pair<std::string, std::string>> special_tokens_;
};

/// The template of a model folder, from `chat_template.jinja`, the key `chat_template` of
/// `tokenizer_config.json` (of several templates the one named `default`) or `chat_template.json`; or
/// of a GGUF file, its key `tokenizer.chat_template`. Nothing where it has none. Throws
/// std::runtime_error as the constructor does, and for files that are not what they should be.
std::optional<ChatTemplate> read_chat_template(const std::filesystem::path& model);

/// The token that a model ends an answer with by its template: the special token that
/// end_of_turn() begins with; nothing where it begins with ordinary text.
std::optional<Token> end_of_turn_token(const ChatTemplate& chat_template,
                                       const Tokenizer& tokenizer);

/// What ends a text beside config.json's `eos_token_id`: `eos_token_id` of a model folder's
/// `generation_config.json`, one or several; or the tokens `eos`, `eot` and `eom` of a GGUF file. Throws
/// std::runtime_error, naming file, key and what was found, for ids outside [0, `vocabulary_size`).
std::vector<Token> read_end_tokens(const std::filesystem::path& model,
                                   std::int64_t vocabulary_size);

}  // namespace aircomp::inference
