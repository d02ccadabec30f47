// SPDX-License-Identifier: GPL-3.0-or-later
// A text that somebody waits for.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/api_error.hpp"
#include "serve/text_request.hpp"

namespace aircomp::runtime::serve {

/// A token's text and the natural logarithm of its probability, before temperature and penalty.
struct TokenLogprob {
    std::string bytes;
    double logprob = 0;
};

struct ChosenToken : TokenLogprob {
    std::vector<TokenLogprob> likeliest;  ///< As many as were asked for, the likeliest first.
};

/// What a text has grown by. A token's text may come with a later piece, or none.
struct TextPiece {
    std::string text;
    std::vector<ChosenToken> tokens;  ///< Where logprobs are asked for.
};

struct TextEnd {
    bool is_cut = false;  ///< By the number of tokens that were asked for.
    std::size_t prompt_tokens = 0;
    std::size_t held_tokens = 0;  ///< Of them, those that stood in the caches already.
    std::size_t new_tokens = 0;
    std::optional<ApiError> error;
};

/// Emits any number of pieces, then ends once, in the thread of whoever makes the text.
struct TextJob {
    TextRequest request;
    std::function<void(TextPiece)> emit;
    std::function<void(TextEnd)> end;
    std::atomic<bool> is_cancelled = false;  ///< Nobody waits any more.
    std::atomic<bool> is_over = false;       ///< It has ended.
};

}  // namespace aircomp::runtime::serve
