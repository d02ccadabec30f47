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

/// Before the first token costs anything: throws std::invalid_argument, naming the limit and
/// `argument`, which asked for the tokens, where `tokens` more than the prompt's do not fit into the
/// context.
void require_context(const Config& config, const Model& model, std::size_t prompt_tokens,
                     std::int64_t tokens, const std::string& argument);

}  // namespace aircomp::runtime
