// SPDX-License-Identifier: GPL-3.0-or-later
// A model as clients see it, and what makes its logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <gsl/span>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/continuation.hpp"
#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime::serve {

/// The tokenizer must outlive whoever has it.
struct ServedModel {
    std::string name;
    const inference::Tokenizer* tokenizer = nullptr;
    std::optional<inference::ChatTemplate> chat_template;  ///< Nothing: it cannot chat.
    std::vector<inference::Token> stop_tokens;             ///< End a text,
    std::vector<inference::Token> chat_stop_tokens;  ///< and those that end an answer of a chat.
    std::int64_t context = 0;                        ///< Tokens of a sequence.
    std::int64_t chat_tokens = 512;  ///< Of an answer, where a request names no number.
    std::uint64_t seed = 1;          ///< What requests without a seed get theirs from.
    /// Sequences whose keys and values are kept at a time, numbered from 0; at least 1.
    std::size_t conversations = 1;
    /// Tokens of a prompt that one pass takes at most.
    std::int64_t prompt_chunk = std::numeric_limits<std::int64_t>::max();
    /// Logits [vocabulary] of each that wants them, in order; sequences differ. Calls `poll` as often
    /// as it likes, and ends with what that throws: inference::Interrupted.
    std::function<std::vector<std::vector<float>>(gsl::span<const inference::FreshTokens> fresh,
                                                  const std::function<void()>& poll)>
        next_logits;
    /// Whether memory holds the keys and values of so many tokens, of all sequences together; null: of
    /// any number.
    std::function<bool(std::int64_t tokens)> holds;
    /// A sequence's keys and values are needed no more; null: nobody wants to know.
    std::function<void(std::size_t sequence)> forget;
};

}  // namespace aircomp::runtime::serve
