// SPDX-License-Identifier: GPL-3.0-or-later
// PreTokenizer on PCRE2, which knows Unicode classes and compiles the pattern to machine code.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "aircomp/inference/pre_tokenizer.hpp"

#include <pcre2.h>

#include <stdexcept>

#include "text/utf8.hpp"

namespace aircomp::inference {

const std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

PCRE2_SPTR units(std::string_view text) {
    // PCRE2 refuses a null subject even where the length is zero.
    return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

std::string error_text(int code) {
    PCRE2_UCHAR buffer[256];
    pcre2_get_error_message(code, buffer, sizeof buffer);
    return reinterpret_cast<const char*>(buffer);
}

}  // namespace

struct PreTokenizer::Compiled {
    std::unique_ptr<pcre2_code, FreeCode> code;

    /// Matches `text`, known to be UTF-8, from `start` on; PCRE2's result.
    int match(std::string_view text, std::size_t start, pcre2_match_data* data) const {
        const auto with = [&](std::uint32_t options) {
            return pcre2_match(code.get(), units(text), text.size(), start,
                               PCRE2_NO_UTF_CHECK | options, data, nullptr);
        };
        const int found = with(0);
        // The interpreter keeps its stack on the heap, where machine code has a small one.
        return found == PCRE2_ERROR_JIT_STACKLIMIT ? with(PCRE2_NO_JIT) : found;
    }
};

PreTokenizer::PreTokenizer(std::string_view pattern) : compiled_(std::make_unique<Compiled>()) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    // \C would match half a character, and matching would go on from its middle.
    compiled_->code.reset(pcre2_compile(units(pattern), pattern.size(),
                                        PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
                                        &offset, nullptr));
    if (!compiled_->code) {
        throw std::runtime_error("pre-tokenizer pattern '" + std::string(pattern) + "': " +
                                 error_text(error) + " at offset " + std::to_string(offset));
    }
    // Without JIT support the same pattern is interpreted: slower, same pieces.
    pcre2_jit_compile(compiled_->code.get(), PCRE2_JIT_COMPLETE);
}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;

void PreTokenizer::split(std::string_view text,
                         const std::function<void(std::string_view)>& piece) const {
    require_utf8(text);
    const std::unique_ptr<pcre2_match_data, FreeMatch> match(
        pcre2_match_data_create_from_pattern(compiled_->code.get(), nullptr));
    std::size_t done = 0;   // text before it has been handed out
    std::size_t start = 0;  // where the next match may begin
    while (done < text.size()) {
        const int found = compiled_->match(text, start, match.get());
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found < 0) {
            throw std::runtime_error("text: cannot be cut at byte " + std::to_string(start) + ": " +
                                     error_text(found));
        }
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
        const std::size_t begin = bounds[0];
        const std::size_t end = bounds[1];
        if (begin > done) piece(text.substr(done, begin - done));
        if (end > begin) piece(text.substr(begin, end - begin));
        done = end;
        start = end;
        if (end == begin) {  // an empty match: step over one character
            do {
                ++start;
            } while (start < text.size() && (text[start] & 0xC0) == 0x80);
            if (start >= text.size()) break;
        }
    }
    if (done < text.size()) piece(text.substr(done));
}

}  // namespace aircomp::inference
