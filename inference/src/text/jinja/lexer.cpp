// SPDX-License-Identifier: GPL-3.0-or-later
// Tags, white space at them, and the words of expressions.
#include "text/jinja/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "text/jinja/characters.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference::jinja {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// One form of line end, and none at the end of the template.
std::string normal_lines(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            result += text[i];
        } else if (i + 1 == text.size() || text[i + 1] != '\n') {
            result += '\n';
        }
    }
    if (!result.empty() && result.back() == '\n') result.pop_back();
    return result;
}

class Lexer {
public:
    Lexer(std::string_view text, const std::string& source)
        : text_(normal_lines(text)), source_(source) {}

    std::vector<Word> all() {
        while (at_ < text_.size())
            take_data();
        add(Word::Kind::end, "");
        return std::move(words_);
    }

private:
    [[noreturn]] void fail(const std::string& what) const { fail_at(source_, line_, what); }

    bool sees(std::string_view what) const { return text_.compare(at_, what.size(), what) == 0; }

    void add(Word::Kind kind, std::string text) {
        words_.push_back({kind, std::move(text), line_, 0, 0});
    }

    /// Goes on by `size` bytes.
    void pass(std::size_t size) {
        const auto from = text_.begin() + static_cast<std::ptrdiff_t>(at_);
        line_ += static_cast<int>(std::count(from, from + static_cast<std::ptrdiff_t>(size), '\n'));
        at_ += size;
    }

    void pass_space() {
        while (at_ < text_.size()) {
            const std::size_t size = utf8_length(text_[at_]);
            if (!is_space(code_points(std::string_view(text_).substr(at_, size))[0])) return;
            pass(size);
        }
    }

    /// Text up to the next tag, and that tag.
    void take_data() {
        std::size_t tag = at_;
        while (tag < text_.size() && !is_tag(tag))
            ++tag;
        std::string data = text_.substr(at_, tag - at_);
        const bool begins_line = at_ == 0 || text_[at_ - 1] == '\n';
        if (tag == text_.size()) {
            if (!data.empty()) add(Word::Kind::data, std::move(data));
            pass(tag - at_);
            return;
        }
        const char kind = text_[tag + 1];
        const char sign = tag + 2 < text_.size() ? text_[tag + 2] : ' ';
        strip_before_tag(data, kind, sign, begins_line);
        if (!data.empty()) add(Word::Kind::data, std::move(data));
        pass(tag + 2 - at_);
        if (sign == '-' || sign == '+') pass(1);
        if (kind == '#') {
            pass_comment();
        } else if (kind == '{') {
            take_print();
        } else if (const std::size_t raw = raw_begin(); raw > 0) {
            take_raw(raw);
        } else {
            take_block();
        }
    }

    bool is_tag(std::size_t at) const {
        return text_[at] == '{' && at + 1 < text_.size() &&
               (text_[at + 1] == '{' || text_[at + 1] == '%' || text_[at + 1] == '#');
    }

    static void strip_before_tag(std::string& data, char kind, char sign, bool begins_line) {
        if (sign == '-') {
            data = strip(data, nullptr, false, true);
        } else if (sign != '+' && kind != '{') {
            // Lines that a tag opens lose what stands before it.
            const std::size_t end = data.rfind('\n');
            const std::size_t line = end == std::string::npos ? 0 : end + 1;
            const bool opens =
                (line > 0 || begins_line) &&
                strip(std::string_view(data).substr(line), nullptr, true, true).empty();
            if (opens) data.resize(line);
        }
    }

    void pass_comment() {
        const std::size_t end = text_.find("#}", at_);
        if (end == std::string::npos) fail("expected #} at the end of a comment, found none");
        const char sign = end > at_ ? text_[end - 1] : ' ';
        pass(end + 2 - at_);
        pass_after_tag(sign);
    }

    /// After a block or a comment: all white space where it ends with a minus, else the line end.
    void pass_after_tag(char sign) {
        if (sign == '-') {
            pass_space();
        } else if (sign != '+' && at_ < text_.size() && text_[at_] == '\n') {
            pass(1);
        }
    }

    /// Where `raw %}` stands: its size.
    std::size_t raw_begin() const {
        std::size_t at = text_.find_first_not_of(" \t\n", at_);
        if (at == std::string::npos || text_.compare(at, 3, "raw") != 0) return 0;
        at = text_.find_first_not_of(" \t\n", at + 3);
        if (at == std::string::npos) return 0;
        if (text_.compare(at, 3, "-%}") == 0) return at + 3 - at_;
        return text_.compare(at, 2, "%}") == 0 ? at + 2 - at_ : 0;
    }

    void take_raw(std::size_t begin) {
        pass(begin);
        if (text_[at_ - 3] == '-') pass_space();
        const std::size_t from = at_;
        const bool begins_line = text_[from - 1] == '\n';
        for (std::size_t tag = text_.find("{%", at_); tag != std::string::npos;
             tag = text_.find("{%", tag + 2)) {
            std::size_t word = tag + 2;
            const char sign = word < text_.size() ? text_[word] : ' ';
            if (sign == '-' || sign == '+') ++word;
            word = text_.find_first_not_of(" \t\n", word);
            if (word == std::string::npos || text_.compare(word, 6, "endraw") != 0) continue;
            const std::size_t end = text_.find_first_not_of(" \t\n", word + 6);
            if (end == std::string::npos) break;
            const char last = text_[end];
            const std::size_t close = last == '-' || last == '+' ? end + 1 : end;
            if (text_.compare(close, 2, "%}") != 0) continue;
            std::string data = text_.substr(from, tag - from);
            strip_before_tag(data, '%', sign, begins_line);
            if (!data.empty()) add(Word::Kind::data, std::move(data));
            pass(close + 2 - at_);
            pass_after_tag(last);
            return;
        }
        fail("expected {% endraw %}, found none");
    }

    void take_print() {
        add(Word::Kind::print_begin, "{{");
        take_words("}}", "-}}", "");
        const bool strips = sees("-");
        pass(strips ? 3 : 2);
        add(Word::Kind::print_end, "}}");
        if (strips) pass_space();
    }

    void take_block() {
        add(Word::Kind::block_begin, "{%");
        take_words("%}", "-%}", "+%}");
        const char sign = text_[at_];
        pass(sign == '%' ? 2 : 3);
        add(Word::Kind::block_end, "%}");
        pass_after_tag(sign);
    }

    /// Words up to one of the ends, which brackets hide.
    void take_words(std::string_view end, std::string_view strip_end, std::string_view keep_end) {
        std::string open;
        while (true) {
            pass_space();
            if (at_ == text_.size()) fail("expected " + std::string(end) + ", found the end");
            if (open.empty() &&
                (sees(end) || sees(strip_end) || (!keep_end.empty() && sees(keep_end)))) {
                return;
            }
            const char c = text_[at_];
            if (is_letter(c)) {
                take_name();
            } else if (is_digit(c)) {
                take_number();
            } else if (c == '"' || c == '\'') {
                take_text(c);
            } else {
                take_sign(open);
            }
        }
    }

    void take_name() {
        std::size_t end = at_;
        while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end])))
            ++end;
        add(Word::Kind::name, text_.substr(at_, end - at_));
        pass(end - at_);
    }

    void take_number() {
        std::size_t end = at_;
        const auto pass_digits = [&] {
            while (end < text_.size() && is_digit(text_[end]))
                ++end;
        };
        pass_digits();
        bool is_real = false;
        if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
            is_real = true;
            ++end;
            pass_digits();
        }
        if (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) {
            fail("expected a decimal number without exponent, found " +
                 text_.substr(at_, end + 1 - at_));
        }
        add(is_real ? Word::Kind::real : Word::Kind::integer, text_.substr(at_, end - at_));
        Word& word = words_.back();
        const char* first = word.text.data();
        const char* last = first + word.text.size();
        const bool octal = !is_real && word.text.size() > 1 && word.text[0] == '0';
        const auto error = is_real ? std::from_chars(first, last, word.real).ec
                                   : std::from_chars(first, last, word.integer).ec;
        if (error != std::errc() || octal) fail("expected a number of 64 bits, found " + word.text);
        pass(end - at_);
    }

    void take_text(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote)
            end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size()) fail("expected a closing quote, found none");
        add(Word::Kind::text, unescaped(std::string_view(text_).substr(at_ + 1, end - at_ - 1)));
        pass(end + 1 - at_);
    }

    std::string unescaped(std::string_view text) const {
        std::string result;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\') {
                result += text[i];
                continue;
            }
            ++i;
            constexpr std::string_view letters = "\\'\"abfnrtv";
            constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
            if (const std::size_t known = letters.find(text[i]); known != std::string_view::npos) {
                result += meanings[known];
            } else if (text[i] == 'x' || text[i] == 'u' || text[i] == 'U') {
                result += hexadecimal(text, i);
            } else if (text[i] == 'N' || is_digit(text[i])) {
                fail(std::string("the escape \\") + text[i] + " is not implemented");
            } else if (text[i] != '\n') {
                result += '\\';
                result += text[i];
            }
        }
        return result;
    }

    /// The character of \xAB, \uABCD or \U0010ABCD, whose letter stands at `i`.
    std::string hexadecimal(std::string_view text, std::size_t& i) const {
        const std::size_t digits = text[i] == 'x' ? 2 : text[i] == 'u' ? 4 : 8;
        const std::string_view number = text.substr(i + 1, digits);
        std::uint32_t point = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), point, 16);
        const bool is_whole = error == std::errc() && end == number.data() + digits;
        if (!is_whole || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
            fail("expected a character's number in hexadecimal digits behind a backslash, found " +
                 std::string(number));
        }
        i += digits;
        const char32_t character = point;
        return utf8(std::u32string_view(&character, 1));
    }

    void take_sign(std::string& open) {
        constexpr std::array<std::string_view, 26> signs = {
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
            "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
        const auto sign =
            std::find_if(signs.begin(), signs.end(), [&](auto one) { return sees(one); });
        if (sign == signs.end()) {
            fail("expected an expression, found " + text_.substr(at_, utf8_length(text_[at_])));
        }
        const char c = (*sign)[0];
        if (c == '(' || c == '[' || c == '{') {
            open += c == '(' ? ')' : c == '[' ? ']' : '}';
        } else if (c == ')' || c == ']' || c == '}') {
            if (open.empty() || open.back() != c) {
                fail(std::string("expected no ") + c + " here, found one");
            }
            open.pop_back();
        }
        add(Word::Kind::sign, std::string(*sign));
        pass(sign->size());
    }

    std::string text_;
    const std::string& source_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::vector<Word> words_;
};

}  // namespace

void fail_at(const std::string& source, int line, const std::string& what) {
    throw std::runtime_error(source + ": line " + std::to_string(line) + ": " + what);
}

std::vector<Word> cut(std::string_view text, const std::string& source) {
    return Lexer(text, source).all();
}

}  // namespace aircomp::inference::jinja
