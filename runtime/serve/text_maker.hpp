// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the texts of jobs, one after the other, with one model and its caches.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/continuation.hpp"
#include "serve/text_job.hpp"

namespace aircomp::runtime::serve {

/// A model as clients see it. The tokenizer must outlive whoever has it.
struct ServedModel {
    std::string name;
    const inference::Tokenizer* tokenizer = nullptr;
    std::optional<inference::ChatTemplate> chat_template;  ///< Nothing: it cannot chat.
    std::vector<inference::Token> stop_tokens;             ///< End a text,
    std::vector<inference::Token> chat_stop_tokens;  ///< and those that end an answer of a chat.
    std::int64_t context = 0;                        ///< Tokens of a sequence.
    std::int64_t chat_tokens = 512;  ///< Of an answer, where a request names no number.
    std::uint64_t seed = 1;          ///< What requests without a seed get theirs from.
    /// Calls `poll` as often as it likes, and ends with what that throws: inference::Interrupted.
    std::function<std::vector<float>(gsl::span<const inference::Token> fresh, std::int64_t position,
                                     const std::function<void()>& poll)>
        next_logits;
};

class TextMaker {
public:
    explicit TextMaker(ServedModel model) : model_(std::move(model)) {}

    /// Makes the job's text and ends it, with an error where there is one. What of the prompt is the
    /// beginning of the sequence before is not computed again.
    void make(TextJob& job);

private:
    struct Prompt {
        std::vector<inference::Token> tokens;
        std::size_t held = 0;
        std::int64_t room = 0;  ///< Tokens that may follow.
    };
    std::vector<inference::Token> encode(const TextRequest& request) const;
    Prompt prompt_of(const TextRequest& request) const;
    void continue_prompt(TextJob& job, const Prompt& prompt, TextEnd& end);
    inference::Sampler sampler_for(const TextRequest& request);
    std::string text_of(inference::Token token, bool is_first_of_answer) const;
    ChosenToken chosen(inference::Token token, gsl::span<const float> logits,
                       std::int64_t alternatives) const;

    ServedModel model_;
    std::vector<inference::Token> held_;  ///< What the caches hold.
    std::uint64_t texts_ = 0;
};

}  // namespace aircomp::runtime::serve
