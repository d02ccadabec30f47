// SPDX-License-Identifier: GPL-3.0-or-later
// Oniguruma's expressions for PCRE2: one pass over the pattern that knows where atoms begin.
// Source: Oniguruma's own pages RE and SYNTAX; what is a space or a letter: Unicode's
// White_Space and, for words, Alphabetic, marks, digits, connectors, and Latin-1's six numbers that
// are none, such as one half.
#include "text/oniguruma.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

namespace aircomp::inference {

namespace {

// What stands within the brackets of a class.
constexpr std::string_view spaces =
    R"(\t-\r\x20\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view no_spaces =
    R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF})"
    R"(\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view word_letters =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE}\x{24B6}-\x{24E9})"
    R"(\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189})";
constexpr std::string_view hexadecimal = "0-9A-Fa-f";

// Letters behind a backslash that mean the same to both.
constexpr std::string_view common_escapes = "AzZGdDnrtfaexpPR";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

class Translator {
public:
    explicit Translator(std::string_view pattern) : pattern_(pattern) {}

    std::string translate() {
        while (!at_end())
            element();
        return std::move(output_);
    }

private:
    bool at_end() const { return at_ == pattern_.size(); }
    char peek(std::size_t ahead = 0) const {
        return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
    }
    char take() { return at_end() ? '\0' : pattern_[at_++]; }
    void copy() { output_ += take(); }

    [[noreturn]] void refuse(const std::string& what) const {
        throw std::runtime_error(what + " is not implemented at offset " + std::to_string(at_));
    }

    void begin_atom() { atom_ = output_.size(); }

    void element() {
        const char c = peek();
        if (c == '\\') {
            begin_atom();
            escape();
        } else if (c == '[') {
            begin_atom();
            character_class();
        } else if (c == '(') {
            open_group();
        } else if (c == ')') {
            copy();
            if (!groups_.empty()) {
                atom_ = groups_.back();
                groups_.pop_back();
            }
        } else if (c == '*' || c == '+' || c == '?') {
            copy();
            if (peek() == '+' || peek() == '?') copy();
        } else if (c == '{') {
            interval();
        } else {
            begin_atom();
            copy();
            while ((peek() & 0xC0) == 0x80)
                copy();  // the rest of a character
        }
    }

    void open_group() {
        groups_.push_back(output_.size());
        copy();
        if (peek() != '?') return;
        copy();
        // Options such as (?i: and (?mi-x); in Oniguruma's m the dot matches line ends.
        while (is_letter(peek()) || peek() == '-') {
            if (peek() == 's') refuse("option s");
            output_ += peek() == 'm' ? 's' : peek();
            take();
        }
        if (peek() == '<' || peek() == '\'' || peek() == '~' || peek() == '{') {
            const bool looks_behind = peek() == '<' && (peek(1) == '=' || peek(1) == '!');
            if (!looks_behind) refuse("a named or an absent group");
        }
    }

    /// {n}, {n,}, {,m} or {n,m}; anything else in braces stands for itself.
    void interval() {
        std::size_t end = at_ + 1;
        while (end < pattern_.size() && (is_digit(pattern_[end]) || pattern_[end] == ','))
            ++end;
        std::string bounds(pattern_.substr(at_ + 1, end - at_ - 1));
        const auto comma = bounds.find(',');
        const bool is_interval = end < pattern_.size() && pattern_[end] == '}' && bounds != "," &&
                                 !bounds.empty() && comma == bounds.rfind(',');
        if (!is_interval) {
            begin_atom();
            output_ += "\\{";
            take();
            return;
        }
        if (comma == 0) bounds.insert(0, "0");
        at_ = end + 1;
        output_ += '{';
        output_.append(bounds).append("}");
        const bool is_fixed = comma == std::string::npos;
        if (peek() == '+' || (peek() == '?' && is_fixed)) {
            output_.insert(std::min(atom_, output_.size()), "(?:");
            output_ += ')';  // the mark that follows repeats the whole
        } else if (peek() == '?') {
            copy();
        }
    }

    void escape() {
        const char kind = peek(1);
        const auto replace = [&](std::string_view with) {
            at_ += 2;
            output_ += with;
        };
        const auto in_class = [](std::string_view set, bool negated = false) {
            return std::string(negated ? "[^" : "[").append(set).append("]");
        };
        const std::string letter = in_class(word_letters);
        const std::string boundary =
            "(?:(?<=" + letter + ")(?!" + letter + ")|(?<!" + letter + ")(?=" + letter + "))";
        switch (kind) {
            case 's':
                return replace(in_class(spaces));
            case 'S':
                return replace(in_class(spaces, true));
            case 'w':
                return replace(letter);
            case 'W':
                return replace(in_class(word_letters, true));
            case 'h':
                return replace(in_class(hexadecimal));
            case 'H':
                return replace(in_class(hexadecimal, true));
            case 'b':
                return replace(boundary);
            case 'B':
                return replace("(?!" + boundary + ")");
            default:
                common_escape();
        }
    }

    /// What means the same in a class and outside.
    void common_escape() {
        const char kind = peek(1);
        if (kind == 'u') {
            output_.append("\\x{").append(pattern_.substr(at_ + 2, 4)).append("}");
            at_ = std::min(at_ + 6, pattern_.size());
            return;
        }
        if (kind == 'v') {
            output_ += "\\x{B}";
            at_ += 2;
            return;
        }
        if (is_letter(kind) && common_escapes.find(kind) == std::string_view::npos) {
            refuse(std::string("\\") + kind);
        }
        copy();
        if (at_end()) return;  // PCRE2 says what is wrong with it
        copy();
        while ((peek() & 0xC0) == 0x80)
            copy();
        if ((kind == 'p' || kind == 'P' || kind == 'x') && peek() == '{') {
            while (!at_end() && peek() != '}')
                copy();
            if (!at_end()) copy();
        }
    }

    void character_class() {
        copy();
        if (peek() == '^') copy();
        if (peek() == ']') output_.append("\\").push_back(take());
        class_members();
        if (!at_end()) copy();
    }

    /// Up to the bracket that closes the class. One within another adds its members.
    void class_members() {
        while (!at_end() && peek() != ']') {
            if (peek() == '\\') {
                class_escape();
            } else if (peek() == '[' && peek(1) == ':') {
                posix_class();
            } else if (peek() == '[') {
                if (peek(1) == '^') refuse("a negated class within a class");
                take();
                class_members();
                take();
            } else if (peek() == '&' && peek(1) == '&') {
                refuse("an intersection of classes");
            } else {
                copy();
            }
        }
    }

    void class_escape() {
        const auto replace = [&](std::string_view with) {
            at_ += 2;
            output_ += with;
        };
        switch (peek(1)) {
            case 's':
                return replace(spaces);
            case 'S':
                return replace(no_spaces);
            case 'w':
                return replace(word_letters);
            case 'h':
                return replace(hexadecimal);
            case 'b':
                return replace("\\x{8}");
            default:
                common_escape();
        }
    }

    void posix_class() {
        const auto end = pattern_.find(":]", at_);
        if (end == std::string_view::npos) {
            output_ += "\\[";
            take();
            return;
        }
        while (at_ < end + 2)
            copy();
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::string output_;
    std::size_t atom_ = 0;             // where in the output the last atom begins
    std::vector<std::size_t> groups_;  // where in the output the open groups begin
};

}  // namespace

std::string pcre2_from_oniguruma(std::string_view pattern) {
    return Translator(pattern).translate();
}

}  // namespace aircomp::inference
