// SPDX-License-Identifier: GPL-3.0-or-later
// Renders conversations by the template's tree.
#include "aircomp/inference/chat_template.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "text/jinja/characters.hpp"
#include "text/jinja/template.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {
namespace {

jinja::Value text_value(const std::string& text) {
    return jinja::Value(text);
}

jinja::Value to_value(const ChatMessage& message) {
    jinja::Dict dict;
    dict.set(text_value("role"), text_value(message.role));
    dict.set(text_value("content"), text_value(message.content));
    return jinja::Value(std::move(dict));
}

}  // namespace

struct ChatTemplate::Tree {
    Tree(const std::string& text, const std::string& source) : jinja(text, source) {}
    jinja::Template jinja;
};

ChatTemplate::ChatTemplate(const std::string& text, const std::string& source,
                           std::vector<std::pair<std::string, std::string>> special_tokens)
    : source_(source),
      tree_(std::make_shared<const Tree>(text, source)),
      special_tokens_(std::move(special_tokens)) {}

std::string ChatTemplate::render(gsl::span<const ChatMessage> messages, bool begin_answer,
                                 std::time_t now) const {
    jinja::List conversation;
    conversation.depth = 2;
    for (const ChatMessage& message : messages) {
        require_utf8(message.content);
        conversation.items.push_back(to_value(message));
    }
    std::vector<std::pair<std::string, jinja::Value>> names;
    for (const auto& [name, text] : special_tokens_)
        names.emplace_back(name, text_value(text));
    names.emplace_back("messages", jinja::Value(std::move(conversation)));
    names.emplace_back("add_generation_prompt", jinja::Value(begin_answer));
    // transformers says None where there are no tools. Some templates walk through them without
    // asking: those can be rendered where the name is not given at all, as llama.cpp does it.
    auto names_without_tools = names;
    for (const char* name : {"tools", "documents"})
        names.emplace_back(name, jinja::Value(jinja::None{}));
    try {
        return tree_->jinja.render(names, now);
    } catch (const std::runtime_error&) {
        try {
            return tree_->jinja.render(names_without_tools, now);
        } catch (const std::runtime_error&) {
        }
        throw;
    }
}

std::string ChatTemplate::end_of_turn() const {
    // A word that no template has.
    const std::string answer = "Qxzvanswer";
    const std::array<ChatMessage, 2> turns = {ChatMessage{"user", "Qxzvquestion"},
                                              ChatMessage{"assistant", answer}};
    const std::string text = render(turns, /*begin_answer=*/false, std::time_t{0});
    const std::size_t at = text.rfind(answer);
    if (at == std::string::npos) return "";
    return jinja::strip(std::string_view(text).substr(at + answer.size()), nullptr, true, true);
}

std::optional<Token> end_of_turn_token(const ChatTemplate& chat_template,
                                       const Tokenizer& tokenizer) {
    const std::string end = chat_template.end_of_turn();
    const std::vector<Token> tokens = tokenizer.encode(end);
    // Special tokens have no text of their own.
    if (tokens.empty() || !tokenizer.decode(tokens.front()).empty()) return std::nullopt;
    return tokens.front();
}

}  // namespace aircomp::inference
