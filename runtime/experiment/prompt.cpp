// SPDX-License-Identifier: GPL-3.0-or-later
// Begin, end and room of a text.
#include "experiment/prompt.hpp"

#include <stdexcept>

#include "aircomp/inference/chat_template.hpp"
#include "engine/layout.hpp"

namespace aircomp::runtime {

std::vector<inference::Token> prompt_tokens(const Model& model, const std::string& prompt) {
    auto tokens = model.tokenizer->encode(prompt);
    if (model.tokenizer->bos()) tokens.insert(tokens.begin(), *model.tokenizer->bos());
    if (tokens.empty()) throw std::invalid_argument("prompt: expected some text, found none");
    return tokens;
}

std::vector<inference::Token> stop_tokens(const Model& model) {
    auto stop = model.checkpoint.config().eos_tokens;
    const auto generation = inference::read_end_tokens(model.checkpoint.folder(),
                                                       model.checkpoint.config().vocabulary_size);
    stop.insert(stop.end(), generation.begin(), generation.end());
    if (model.tokenizer->eos()) stop.push_back(*model.tokenizer->eos());
    return stop;
}

void require_context(const Config& config, const Model& model, const PromptLength& prompt,
                     std::int64_t tokens, const std::string& argument) {
    // The last token is shown, and nothing comes after it that would need its keys and values.
    const std::int64_t context = context_of(config, model.checkpoint.config());
    const std::int64_t most = context + 1 - static_cast<std::int64_t>(prompt.tokens);
    if (tokens <= most) return;
    if (most < 1) {
        throw std::invalid_argument(
            prompt.origin + ": expected at most " + std::to_string(context) +
            " tokens, which the context holds, found " + std::to_string(prompt.tokens));
    }
    throw std::invalid_argument(
        argument + ": expected at most " + std::to_string(most) + ", the context of " +
        std::to_string(context) + " holds no more after a prompt of " +
        std::to_string(prompt.tokens) + " tokens, found " + std::to_string(tokens));
}

}  // namespace aircomp::runtime
