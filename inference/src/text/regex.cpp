// SPDX-License-Identifier: GPL-3.0-or-later
// Regex on PCRE2, which knows Unicode classes and compiles the pattern to machine code.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/regex.hpp"

#include <pcre2.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "text/oniguruma.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
    void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
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

/// The pattern for PCRE2; an error names the pattern.
std::string translated(std::string_view pattern) {
    try {
        require_utf8(pattern);
        return pcre2_from_oniguruma(pattern);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error("pattern '" + std::string(pattern) + "': " + error.what());
    }
}

}  // namespace

struct Regex::Compiled {
    std::unique_ptr<pcre2_code, FreeCode> code;

    /// Matches `text` from `start` on; PCRE2's result.
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

Regex::Regex(std::string_view pattern) {
    const std::string expression = translated(pattern);
    const std::unique_ptr<pcre2_compile_context, FreeContext> context(
        pcre2_compile_context_create(nullptr));
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto compiled = std::make_shared<Compiled>();
    // Oniguruma's ^ and $ are those of lines. \C would match half a character, and matching would
    // go on from its middle.
    compiled->code.reset(
        pcre2_compile(units(expression), expression.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error,
                      &offset, context.get()));
    if (!compiled->code) {
        const std::string shown = expression == pattern ? "" : " of '" + expression + "'";
        throw std::runtime_error("pattern '" + std::string(pattern) + "': " + error_text(error) +
                                 " at offset " + std::to_string(offset) + shown);
    }
    // Without JIT support the same pattern is interpreted: slower, same matches.
    pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);
    compiled_ = std::move(compiled);
}

Regex Regex::literal(std::string_view text) {
    std::string pattern;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_mark =
            byte > 0x20 && byte < 0x7F &&
            !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
        if (is_mark) pattern += '\\';
        pattern += c;
    }
    return Regex(pattern);
}

void Regex::for_each_match(std::string_view text,
                           const std::function<void(std::size_t, std::size_t)>& match) const {
    const std::unique_ptr<pcre2_match_data, FreeMatch> data(
        pcre2_match_data_create_from_pattern(compiled_->code.get(), nullptr));
    std::optional<std::size_t> last_end;
    for (std::size_t start = 0; start <= text.size();) {
        const int found = compiled_->match(text, start, data.get());
        if (found == PCRE2_ERROR_NOMATCH) return;
        if (found < 0) {
            throw std::runtime_error("text: cannot be cut at byte " + std::to_string(start) + ": " +
                                     error_text(found));
        }
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data.get());
        const std::size_t begin = bounds[0];
        const std::size_t end = bounds[1];
        if (begin == end && last_end == end) {  // step over one character
            start += start < text.size() ? utf8_length(text[start]) : 1;
            continue;
        }
        match(begin, end);
        last_end = end;
        start = end;
    }
}

}  // namespace aircomp::inference
