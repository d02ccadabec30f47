// SPDX-License-Identifier: GPL-3.0-or-later
// Turns to tokens, and what of them need not be computed again.
#include "aircomp/inference/conversation.hpp"

#include <algorithm>
#include <utility>

namespace aircomp::inference {

Conversation::Conversation(ChatTemplate chat_template, const Tokenizer& tokenizer,
                           std::string system)
    : chat_template_(std::move(chat_template)), tokenizer_(tokenizer), system_(std::move(system)) {
    reset();
}

Conversation::Prompt Conversation::ask(const std::string& question, std::time_t now) {
    messages_.push_back({"user", question});
    try {
        Prompt prompt{tokenizer_.encode(chat_template_.render(messages_, true, now)), 0};
        // The answer's first logits come from at least one token.
        const auto most = static_cast<std::ptrdiff_t>(
            std::min(held_.size(), std::max<std::size_t>(prompt.tokens.size(), 1) - 1));
        const auto same =
            std::mismatch(held_.begin(), held_.begin() + most, prompt.tokens.begin()).first;
        prompt.held = static_cast<std::size_t>(same - held_.begin());
        prompt_size_ = prompt.tokens.size();
        return prompt;
    } catch (...) {
        messages_.pop_back();
        throw;
    }
}

void Conversation::answer(gsl::span<const Token> sequence) {
    messages_.push_back({"assistant", tokenizer_.decode_text(sequence.subspan(prompt_size_))});
    held_.assign(sequence.begin(), sequence.end() - 1);
}

void Conversation::withdraw() {
    messages_.pop_back();
    held_.clear();
}

void Conversation::reset() {
    messages_.clear();
    if (!system_.empty()) messages_.push_back({"system", system_});
}

}  // namespace aircomp::inference
