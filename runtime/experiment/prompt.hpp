// SPDX-License-Identifier: GPL-3.0-or-later
// What continuing a prompt needs to know of a model: how texts begin, what ends them, what fits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment/open_model.hpp"

namespace aircomp::runtime {

/// The prompt's tokens, begun by BOS where the model has one. Throws std::invalid_argument where
/// there are none. The model must have its tokenizer, here and below.
std::vector<inference::Token> prompt_tokens(const Model& model, const std::string& prompt);

/// What ends a text, by the model's config.json and generation_config.json and by its tokenizer.
std::vector<inference::Token> stop_tokens(const Model& model);

/// A prompt's length, and what errors call it: a file, --prompt.
struct PromptLength {
    std::size_t tokens = 0;
    std::string origin;
};

/// Before the first token costs anything: throws std::invalid_argument where `tokens` more than the
/// prompt's do not fit into the context, naming the limit, and the prompt where it alone is too long,
/// otherwise `argument`, which asked for the tokens.
void require_context(const Config& config, const Model& model, const PromptLength& prompt,
                     std::int64_t tokens, const std::string& argument);

}  // namespace aircomp::runtime
