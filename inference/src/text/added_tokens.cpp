// SPDX-License-Identifier: GPL-3.0-or-later
// The search for added tokens, by the rules of Hugging Face's tokenizers.
#include "text/added_tokens.hpp"

#include <algorithm>
#include <cstdint>

#include "text/utf8.hpp"

namespace aircomp::inference {

void AddedTokenFinder::add(const AddedToken& token) {
    if (token.content.empty()) return;
    tokens_[token.content] = token;
    auto& lengths = lengths_[static_cast<std::uint8_t>(token.content.front())];
    const std::size_t length = token.content.size();
    const auto place = std::lower_bound(lengths.begin(), lengths.end(), length, std::greater<>());
    if (place == lengths.end() || *place != length) lengths.insert(place, length);
}

/// The longest token that `text` starts with, or null.
const AddedToken* AddedTokenFinder::longest_at(std::string_view text) const {
    for (const std::size_t length : lengths_[static_cast<std::uint8_t>(text.front())]) {
        if (length > text.size()) continue;
        const auto found = tokens_.find(std::string(text.substr(0, length)));
        if (found != tokens_.end()) return &found->second;
    }
    return nullptr;
}

void AddedTokenFinder::split(std::string_view whole,
                             const std::function<void(std::string_view, std::size_t)>& text,
                             const std::function<void(Token)>& token) const {
    std::size_t done = 0;  // what lies before it has been handed out
    for (std::size_t at = 0; at < whole.size();) {
        const AddedToken* const found = longest_at(whole.substr(at));
        if (found == nullptr) {
            ++at;
            continue;
        }
        std::size_t begin = at;
        std::size_t end = at + found->content.size();
        at = end;
        const bool touches_word =
            ends_with_word(whole.substr(0, begin)) || starts_with_word(whole.substr(end));
        if (found->single_word && touches_word) continue;
        if (found->left_strip) {
            begin -= white_space_at_end(whole.substr(0, begin));
            begin = std::max(begin, done);
        }
        if (found->right_strip) end += white_space_at_start(whole.substr(end));
        if (begin > done) text(whole.substr(done, begin - done), done);
        token(found->id);
        done = end;
    }
    if (done < whole.size()) text(whole.substr(done), done);
}

}  // namespace aircomp::inference
