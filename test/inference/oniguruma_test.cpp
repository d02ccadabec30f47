// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions mean what they mean to Oniguruma where PCRE2 reads them differently.
#include "text/oniguruma.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "support/catch.hpp"
#include "text/regex.hpp"

namespace aircomp::inference {
namespace {

using Matches = std::vector<std::string>;
using test::check_error;

Matches matches_of(const char* pattern, const std::string& text) {
    Matches matches;
    Regex(pattern).for_each_match(text, [&](std::size_t begin, std::size_t end) {
        matches.push_back(text.substr(begin, end - begin));
    });
    return matches;
}

TEST_CASE("white space is Unicode's, without the Mongolian vowel separator") {
    CHECK(matches_of(R"(\s)", "a\u00A0b\u3000c\x0B\u0085") ==
          Matches{"\u00A0", "\u3000", "\x0B", "\u0085"});
    CHECK(matches_of(R"(\s)", "\u180E\u200B").empty());
    CHECK(matches_of(R"([^\s]+)", "a\u180E b") == Matches{"a\u180E", "b"});
    CHECK(matches_of(R"([\S]+)", "a\u180E\tb") == Matches{"a\u180E", "b"});
}

TEST_CASE("words have marks, numbers and connectors in them") {
    CHECK(matches_of(R"(\w+)", "e\u0301\u00B2_x-y") == Matches{"e\u0301\u00B2_x", "y"});
    CHECK(matches_of(R"(\w)", "\u2087\u2461").empty());  // numbers, but no digits
    CHECK(matches_of(R"(\bx)", "x e\u0301x") == Matches{"x"});
    CHECK(matches_of(R"(\Bx)", "x e\u0301x") == Matches{"x"});
    CHECK(matches_of(R"([\w]+)", "\u24D0-") == Matches{"\u24D0"});
    CHECK(matches_of(R"(\W+)", "a-+b") == Matches{"-+"});
}

TEST_CASE("a plus behind an interval repeats it, behind another mark it is possessive") {
    CHECK(matches_of("[0-9]{1,3}+", "1234567") == Matches{"1234567"});
    CHECK(matches_of("(?:ab){2}+", "ababababab") == Matches{"abababab"});
    CHECK(matches_of("a{2}?", "aaa") == Matches{"aa", ""});
    CHECK(matches_of("a{1,2}?", "aa") == Matches{"a", "a"});
    CHECK(matches_of("a++a", "aaa").empty());
    CHECK(matches_of("xa{,2}y", "xy xaay xaaay") == Matches{"xy", "xaay"});
    CHECK(matches_of("a{x", "a{x") == Matches{"a{x"});
}

TEST_CASE("anchors are those of lines") {
    CHECK(matches_of("^.", "ab\ncd") == Matches{"a", "c"});
    CHECK(matches_of(R"(\s+$)", "a \nb  ") == Matches{" ", "  "});
    CHECK(matches_of(R"(b\z)", "b\nb") == Matches{"b"});
}

TEST_CASE("escapes and options that mean something else to PCRE2") {
    CHECK(matches_of(R"(\h+)", "xfa0g") == Matches{"fa0"});
    CHECK(matches_of(R"([\h]\H)", "fa0g") == Matches{"0g"});
    CHECK(matches_of(R"(\v)", "\n\x0B") == Matches{"\x0B"});
    CHECK(matches_of(R"(\u00e9|[\u65e5])", "\u00E9\u65E5") == Matches{"\u00E9", "\u65E5"});
    CHECK(matches_of("(?m:a.b)", "a\nb") == Matches{"a\nb"});
    CHECK(matches_of("a.b", "a\nb").empty());
    CHECK(matches_of("(?i:'S)", "'\u017F") == Matches{"'\u017F"});
}

TEST_CASE("a class within a class adds its members") {
    CHECK(matches_of("[^a[bc]]+", "abcdef") == Matches{"def"});
    CHECK(matches_of("[a[b-d]e]+", "xabcdef") == Matches{"abcde"});
    CHECK(matches_of(R"([]a]+)", "b]a") == Matches{"]a"});
    CHECK(matches_of("[[:digit:]x]+", "12xa") == Matches{"12x"});
}

TEST_CASE("an empty match right behind another is none") {
    CHECK(matches_of("b*", "abc") == Matches{"", "b", ""});
}

TEST_CASE("what has no counterpart is refused by its name") {
    for (const auto& refused :
         std::vector<std::pair<const char*, const char*>>{{"[a&&b]", "intersection"},
                                                          {"[a[^b]]", "negated class"},
                                                          {R"(\y)", "\\y"},
                                                          {R"([\W])", "\\W"},
                                                          {"(?<name>a)", "named"},
                                                          {"(?s:a)", "option s"}}) {
        // A lambda may not capture structured bindings in C++17.
        const char* const pattern = refused.first;
        const char* const part = refused.second;
        CAPTURE(pattern);
        check_error<std::runtime_error>([&] { Regex regex(pattern); }, {"pattern", part});
    }
}

TEST_CASE("a pattern that is cut short anywhere is compiled or refused") {
    const std::string whole = R"((?i:'s|\p{L}{1,3}+)|[^\r\n[a-z]\p{N}]?\u00e9{,2}\b[[:digit:]])";
    std::size_t refused = 0;
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        try {
            Regex(whole.substr(0, bytes));
        } catch (const std::runtime_error&) {
            ++refused;
        }
    }
    CHECK(refused > 0);
    CHECK_NOTHROW(Regex(whole));
}

}  // namespace
}  // namespace aircomp::inference
