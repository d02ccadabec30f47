// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation with a model: its turns, and which of their tokens the model's caches hold.
#pragma once

#include <cstddef>
#include <ctime>
#include <gsl/span>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

class Conversation {
public:
    struct Prompt {
        std::vector<Token> tokens;
        std::size_t held;  ///< So many at the front stand in the caches; less than all.
    };

    /// `system`: what the model is told first; empty for nothing. The tokenizer must outlive the
    /// object.
    Conversation(ChatTemplate chat_template, const Tokenizer& tokenizer, std::string system);

    /// Adds the user's turn and gives all turns up to where the answer begins. Throws
    /// std::runtime_error, with the turn taken back, where the template refuses it or it is not
    /// UTF-8. `now`: for templates that tell the date; it is one for all turns of a conversation.
    Prompt ask(const std::string& question, std::time_t now);

    /// Adds the answer. `sequence` is the prompt and the answer's tokens, of which the caches hold
    /// all but the last.
    void answer(gsl::span<const Token> sequence);

    /// Takes back a question that was not answered; what the caches hold is not known then.
    void withdraw();

    /// Begins again, with the same system's turn; the caches are as they were.
    void reset();

    const std::vector<ChatMessage>& messages() const { return messages_; }

private:
    ChatTemplate chat_template_;
    const Tokenizer& tokenizer_;
    std::string system_;
    std::vector<ChatMessage> messages_;
    std::vector<Token> held_;  ///< What the caches hold.
    std::size_t prompt_size_ = 0;
};

}  // namespace aircomp::inference
