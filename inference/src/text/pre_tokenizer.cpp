// SPDX-License-Identifier: GPL-3.0-or-later
// PreTokenizer: the matches of an expression and what lies between them.
#include "aircomp/inference/pre_tokenizer.hpp"

#include "text/regex.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {

const std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";

struct PreTokenizer::Compiled {
    Regex regex;
};

PreTokenizer::PreTokenizer(std::string_view pattern)
    : compiled_(std::make_unique<Compiled>(Compiled{Regex(pattern)})) {}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;

void PreTokenizer::split(std::string_view text,
                         const std::function<void(std::string_view)>& piece) const {
    require_utf8(text);
    std::size_t done = 0;  // text before it has been handed out
    compiled_->regex.for_each_match(text, [&](std::size_t begin, std::size_t end) {
        if (begin > done) piece(text.substr(done, begin - done));
        if (end > begin) piece(text.substr(begin, end - begin));
        done = end;
    });
    if (done < text.size()) piece(text.substr(done));
}

}  // namespace aircomp::inference
