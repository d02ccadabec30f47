// SPDX-License-Identifier: GPL-3.0-or-later
// How a text is cut for scoring, and which of its tokens count. Perplexities compare only where
// this is the same: docs/perplexity.md says where each protocol comes from.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

enum class Protocol {
    /// Windows that do not overlap, BOS before each. All tokens are scored but BOS or, without BOS,
    /// a window's first. The last window may be short.
    windows,
    /// BOS, where there is one, once before the text; whole windows, the rest is dropped. All tokens
    /// of a window are scored but its first.
    gptq,
    /// The same windows, at least two; BOS in place of each one's first token. Of n tokens the last
    /// n - 1 - n / 2 are scored.
    llama_cpp,
};

/// All of them, with their names on the command line.
const std::vector<std::pair<std::string, Protocol>>& protocols();

/// Throws std::invalid_argument, which lists the names that there are.
Protocol protocol_of(const std::string& name);

const std::string& name_of(Protocol protocol);

struct CutOptions {
    Protocol protocol = Protocol::windows;
    std::int64_t window = 0;   ///< Context length in tokens, >= 2 (llama_cpp: 3), BOS included.
    std::optional<Token> bos;  ///< Where the model's texts begin with it.
    std::int64_t limit_tokens = 0;  ///< Score at most so many tokens; 0 scores all.
};

/// Tokens to run from position 0 on, and those that are scored: the logits of input[first + i]
/// predict predicted[i]. Nothing is run behind the last of them.
struct ScoredWindow {
    std::vector<Token> input;
    std::int64_t first = 0;
    std::vector<Token> predicted;
};

/// The windows of a text, in order. Throws std::invalid_argument where the text has fewer than two
/// tokens or than the protocol needs, and where the limit is less than what it scores of a window.
std::vector<ScoredWindow> cut_windows(gsl::span<const Token> text, const CutOptions& options);

}  // namespace aircomp::inference
