// SPDX-License-Identifier: GPL-3.0-or-later
// Which tokens a protocol runs and scores.
#include "aircomp/inference/text_windows.hpp"

#include <numeric>

#include "errors.hpp"
#include "support/catch.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using Tokens = std::vector<Token>;

constexpr Token bos = 99;

CutOptions options_of(Protocol protocol, std::int64_t window, std::optional<Token> its_bos = {}) {
    CutOptions options;
    options.protocol = protocol;
    options.window = window;
    options.bos = its_bos;
    return options;
}

Tokens counting(Token size) {
    Tokens tokens(static_cast<std::size_t>(size));
    std::iota(tokens.begin(), tokens.end(), 0);
    return tokens;
}

struct Expected {
    Tokens input;
    std::int64_t first;
    Tokens predicted;
};

void check(const CutOptions& options, Token size, const std::vector<Expected>& expected) {
    const auto windows = cut_windows(counting(size), options);
    REQUIRE(windows.size() == expected.size());
    for (std::size_t i = 0; i < windows.size(); ++i) {
        CHECK(windows[i].input == expected[i].input);
        CHECK(windows[i].first == expected[i].first);
        CHECK(windows[i].predicted == expected[i].predicted);
    }
}

TEST_CASE("windows: without BOS a window's first token is run and not scored") {
    check(options_of(Protocol::windows, 3), 7, {{{0, 1}, 0, {1, 2}}, {{3, 4}, 0, {4, 5}}});
}

TEST_CASE("windows: with BOS every token of the text is scored, BOS within the window") {
    check(options_of(Protocol::windows, 3, bos), 5,
          {{{bos, 0}, 0, {0, 1}}, {{bos, 2}, 0, {2, 3}}, {{bos}, 0, {4}}});
}

TEST_CASE("windows: a limit scores no more tokens and runs none beyond them") {
    CutOptions options = options_of(Protocol::windows, 3);
    options.limit_tokens = 3;
    check(options, 7, {{{0, 1}, 0, {1, 2}}, {{3}, 0, {4}}});
}

TEST_CASE("gptq: whole windows, all tokens but a window's first, the rest is dropped") {
    check(options_of(Protocol::gptq, 3), 8, {{{0, 1}, 0, {1, 2}}, {{3, 4}, 0, {4, 5}}});
}

TEST_CASE("gptq: BOS stands once, before the text") {
    check(options_of(Protocol::gptq, 3, bos), 6, {{{bos, 0}, 0, {0, 1}}, {{2, 3}, 0, {3, 4}}});
}

TEST_CASE("llama.cpp: the second half of each window is scored") {
    // Of six tokens those at 4 and 5 are: 6 - 1 - 6 / 2.
    check(options_of(Protocol::llama_cpp, 6), 13,
          {{{0, 1, 2, 3, 4}, 3, {4, 5}}, {{6, 7, 8, 9, 10}, 3, {10, 11}}});
}

TEST_CASE("llama.cpp: BOS is put before the text and over each window's first token") {
    check(options_of(Protocol::llama_cpp, 4, bos), 8,
          {{{bos, 0, 1}, 2, {2}}, {{bos, 4, 5}, 2, {6}}});
}

TEST_CASE("a limit takes as many whole windows as fit into it") {
    CutOptions options = options_of(Protocol::llama_cpp, 6);
    options.limit_tokens = 3;
    check(options, 100, {{{0, 1, 2, 3, 4}, 3, {4, 5}}});
    options = options_of(Protocol::gptq, 3);
    options.limit_tokens = 5;
    CHECK(cut_windows(counting(100), options).size() == 2);
}

TEST_CASE("protocols are found by name") {
    for (const auto& [name, protocol] : protocols()) {
        CHECK(protocol_of(name) == protocol);
        CHECK(name_of(protocol) == name);
    }
    check_error<std::invalid_argument>([] { protocol_of("gptqs"); },
                                       {"protocol", "windows, gptq, llama.cpp", "'gptqs'"});
}

TEST_CASE("what cannot be cut is refused") {
    const auto cut = [](const CutOptions& options, Token size) {
        return [=] { cut_windows(counting(size), options); };
    };
    check_error<std::invalid_argument>(cut(options_of(Protocol::windows, 8), 0),
                                       {"two tokens", "found 0"});
    check_error<std::invalid_argument>(cut(options_of(Protocol::windows, 8), 1),
                                       {"two tokens", "found 1"});
    check_error<std::invalid_argument>(cut(options_of(Protocol::windows, 1), 9),
                                       {"window", "at least 2", "found 1"});
    check_error<std::invalid_argument>(cut(options_of(Protocol::llama_cpp, 2), 9),
                                       {"window", "at least 3", "found 2"});
    check_error<std::invalid_argument>(
        cut(options_of(Protocol::gptq, 10), 9),
        {"protocol gptq", "windows of 10", "at least 10", "found 9"});
    check_error<std::invalid_argument>(
        cut(options_of(Protocol::llama_cpp, 5), 9),
        {"protocol llama.cpp", "windows of 5", "at least 10", "found 9"});
    CutOptions limited = options_of(Protocol::gptq, 4);
    limited.limit_tokens = 2;
    check_error<std::invalid_argument>(cut(limited, 9),
                                       {"limit_tokens", "whole windows", "at least 3", "found 2"});
    limited.limit_tokens = -1;
    check_error<std::invalid_argument>(cut(limited, 9), {"limit_tokens", "-1"});
}

}  // namespace
}  // namespace aircomp::inference
