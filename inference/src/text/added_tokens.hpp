// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens that stand for a text as a whole, such as "<|im_end|>", found in what is encoded.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference {

struct AddedToken {
    std::string content;
    Token id = 0;
    bool special = false;      ///< Stands for no text when decoded.
    bool left_strip = false;   ///< Takes the white space before it along.
    bool right_strip = false;  ///< And that behind it.
    bool single_word = false;  ///< Found only where no character of a word touches it.
    bool normalized = false;   ///< Looked for after normalisation, otherwise before.
};

/// Finds added tokens: the leftmost first, the longest where several begin.
class AddedTokenFinder {
public:
    /// `token.content` is what is looked for; one that is empty is never found.
    void add(const AddedToken& token);

    /// Calls `text` with what lies between added tokens and where it begins, and `token` with their
    /// ids, from left to right.
    void split(std::string_view whole,
               const std::function<void(std::string_view, std::size_t)>& text,
               const std::function<void(Token)>& token) const;

private:
    const AddedToken* longest_at(std::string_view text) const;

    std::unordered_map<std::string, AddedToken> tokens_;
    std::array<std::vector<std::size_t>, 256> lengths_;  // by first byte, the longest first
};

}  // namespace aircomp::inference
