// SPDX-License-Identifier: GPL-3.0-or-later
// What a coordinator that starts again goes on from, and what it refuses to.
#include "daemon/coordinator/token_log.hpp"

#include <string>

#include "files/sha256.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr std::int64_t vocabulary = 96;
const std::vector<inference::Token> prompt = {3, 95};

std::string head() {
    return "aircomp tokens, model " + to_hex(control::Hash{}) + ", prompt of 2\n";
}

std::string refusal(const std::filesystem::path& file) {
    try {
        TokenLog(file, control::Hash{}, prompt, vocabulary);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST_CASE("a token log is gone on from, without a last line that is not whole") {
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "tokens";
    {
        TokenLog log(file, control::Hash{}, prompt, vocabulary);
        log.append(7);
    }
    std::ofstream(file, std::ios::app) << "4";
    const TokenLog log(file, control::Hash{}, prompt, vocabulary);
    CHECK(log.tokens() == std::vector<inference::Token>{3, 95, 7});
}

TEST_CASE("a token that the vocabulary does not have is refused with file and line") {
    const test::TemporaryFolder folder;
    for (const std::string token : {"96", "-1", "4294967299", "x", ""}) {
        const auto file = folder.write("tokens", head() + "3\n95\n" + token + "\n");
        CHECK(refusal(file) ==
              file.string() + ":4: expected a token of 0 to 95, found '" + token + "'");
    }
    CHECK(refusal(folder.write("tokens", head() + "3\n95\n0\n95\n")).empty());
}

TEST_CASE("a token log of another prompt is refused by its name") {
    const test::TemporaryFolder folder;
    const auto file = folder.write("tokens", head() + "3\n94\n");
    CHECK(refusal(file) ==
          file.string() + ": expected the tokens of this prompt, found those of another");
}

}  // namespace
}  // namespace aircomp::runtime::testbed
