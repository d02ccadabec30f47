// SPDX-License-Identifier: GPL-3.0-or-later
// Where patterns cut text; the pieces were derived by hand from the patterns.
#include "aircomp/inference/pre_tokenizer.hpp"

#include <string>
#include <vector>

#include "errors.hpp"
#include "support/catch.hpp"

namespace aircomp::inference {
namespace {

using Pieces = std::vector<std::string>;
using test::check_error;

Pieces pieces_of(std::string_view pattern, std::string_view text) {
    Pieces pieces;
    PreTokenizer(pattern).split(text, [&](std::string_view piece) { pieces.emplace_back(piece); });
    return pieces;
}

Pieces llama3(std::string_view text) {
    return pieces_of(llama3_pattern, text);
}

TEST_CASE("Llama 3's pattern keeps a word and what leads it together") {
    CHECK(llama3("Hello, world!") == Pieces{"Hello", ",", " world", "!"});
    CHECK(llama3("a(b)_c") == Pieces{"a", "(b", ")_", "c"});
    CHECK(llama3("Grüße 你好") == Pieces{"Grüße", " 你好"});
    CHECK(llama3("e\u0301a") == Pieces{"e", "\u0301a"});
}

TEST_CASE("Llama 3's pattern cuts contractions in any case") {
    CHECK(llama3("it's IT'LL x'y") == Pieces{"it", "'s", " IT", "'LL", " x", "'y"});
    CHECK(llama3("don't") == Pieces{"don", "'t"});
}

TEST_CASE("Llama 3's pattern cuts numbers after three digits") {
    CHECK(llama3("12345 7") == Pieces{"123", "45", " ", "7"});
    CHECK(llama3("1½٣Ⅷ") == Pieces{"1½٣", "Ⅷ"});
    CHECK(llama3("a1b") == Pieces{"a", "1", "b"});
}

TEST_CASE("Llama 3's pattern leaves the last blank to the word that follows") {
    CHECK(llama3("a   b") == Pieces{"a", "  ", " b"});
    CHECK(llama3("a   ") == Pieces{"a", "   "});
    CHECK(llama3("   ") == Pieces{"   "});
    CHECK(llama3("  1") == Pieces{" ", " ", "1"});
    CHECK(llama3("a\u00A0\u00A0b") == Pieces{"a", "\u00A0", "\u00A0b"});
}

TEST_CASE("Llama 3's pattern joins line ends to what precedes them") {
    CHECK(llama3("a\r\nb") == Pieces{"a", "\r\n", "b"});
    CHECK(llama3("a;\r\n\r\n b") == Pieces{"a", ";\r\n\r\n", " b"});
    CHECK(llama3("a \n \n  b") == Pieces{"a", " \n \n", " ", " b"});
    CHECK(llama3("\n") == Pieces{"\n"});
}

TEST_CASE("text that no alternative matches is a piece of its own") {
    CHECK(pieces_of("b+", "aabbcb") == Pieces{"aa", "bb", "c", "b"});
    CHECK(pieces_of("x", "abc") == Pieces{"abc"});
    CHECK(pieces_of("x", "").empty());
}

TEST_CASE("a pattern that matches nothing at all moves on by characters") {
    CHECK(pieces_of("x*", "äxb") == Pieces{"ä", "x", "b"});
    CHECK(pieces_of("(?=b)", "aéb") == Pieces{"aé", "b"});
}

TEST_CASE("a long run is cut without exhausting any stack") {
    const std::string blanks(1'000'000, ' ');
    CHECK(llama3(blanks + "a") == Pieces{blanks.substr(1), " a"});
    CHECK(pieces_of("(?:a|b)+", std::string(100'000, 'a')).size() == 1);
}

TEST_CASE("a pattern that is wrong is shown with the place of the error") {
    check_error<std::runtime_error>([] { PreTokenizer("a(b"); }, {"'a(b'", "offset 3"});
    check_error<std::runtime_error>([] { PreTokenizer("\\C"); }, {"\\C"});
    check_error<std::runtime_error>([] { PreTokenizer("\xFF"); }, {"pattern"});
}

TEST_CASE("text that is not UTF-8 is refused with the offset") {
    for (const char* wrong : {"ab\xFF", "ab\x80", "ab\xC3", "ab\xC0\x80", "ab\xE0\x80\x80",
                              "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\xF8\x88\x80\x80\x80"}) {
        check_error<std::runtime_error>([&] { llama3(wrong); }, {"UTF-8", "offset 2"});
    }
    CHECK_FALSE(llama3("\u0080\u07FF\u0800\uFFFF\U00010000\U0010FFFF").empty());
}

}  // namespace
}  // namespace aircomp::inference
