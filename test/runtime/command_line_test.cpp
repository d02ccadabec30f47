// SPDX-License-Identifier: GPL-3.0-or-later
// Help in plain words, and the nearest known name for a mistyped one.
#include <algorithm>
#include <tuple>

#include "commands.hpp"
#include "config/nearest_name.hpp"
#include "program.hpp"
#include "support/catch.hpp"

namespace {

using aircomp::runtime::did_you_mean;
using aircomp::test::aircomp;
using Catch::Matchers::Contains;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";

TEST_CASE("the nearest name is told, and none where all are far") {
    const std::vector<std::string> known = {"exact", "mmse", "snr_db", "fdma"};
    CHECK(did_you_mean("mmes", known) == ", did you mean mmse?");
    CHECK(did_you_mean("MMSE", known) == ", did you mean mmse?");
    CHECK(did_you_mean("snr", known) == ", did you mean snr_db?");
    CHECK(did_you_mean("sum", known).empty());  // three letters have room for one mistake
    CHECK(did_you_mean("snr_dbm", known) == ", did you mean snr_db?");
    CHECK(did_you_mean("nonsense", known).empty());
    CHECK(did_you_mean("", known).empty());
    CHECK(did_you_mean("mmse", {}).empty());
}

TEST_CASE("help is in plain words, not in the parser's") {
    for (const std::string& command : aircomp::test::commands_from()) {
        const auto help = aircomp(command + " --help");
        CAPTURE(command, help.output);
        CHECK(help.code == 0);
        for (const char* inside : {"ENUM", "->", " in [", ":INT", "TEXT:", "UINT", "FLOAT",
                                   "REQUIRED", "value in", " OR "}) {
            CHECK_THAT(help.output, !Contains(inside));
        }
    }
}

TEST_CASE("help says choices, ranges and defaults") {
    const auto generate = aircomp("generate --help").output;
    CHECK_THAT(generate, Contains("(estimated, perfect)"));
    CHECK_THAT(generate, Contains("(required)"));
    CHECK_THAT(generate, Contains("--tokens N"));
    CHECK_THAT(generate, Contains("(default 64)"));
    CHECK_THAT(generate, Contains("--shares X,..."));
    CHECK_THAT(aircomp("bench decode --help").output, Contains("(1 to 2000; default 20)"));
    CHECK_THAT(aircomp("device --help").output, Contains("(text, json)"));
    CHECK_THAT(aircomp("device --help").output, Contains("--once; default 60)"));
}

TEST_CASE("a command without examples of its own shows those of its own family") {
    CHECK_THAT(aircomp("pki init --help").output, Contains("aircomp pki init lab"));
    CHECK_THAT(aircomp("bench media --help").output, Contains("aircomp bench media --json -"));
}

TEST_CASE("an empty item of a list is refused, not left out") {
    const std::string demo = " --model " + model;
    for (const auto& [command, option, items] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"generate --prompt x" + demo, "--shares ", "0.5,,0.5"},
             {"generate --prompt x" + demo, "--shares=", "0.5,0.5,"},
             {"logits" + demo, "--tokens ", ",1"},
             {"compare --text x" + demo, "--schemes=", "exact,,mmse"},
             {"sum x", "--devices ", "a,,b"},
             {"sum x", "--companion=", ","}}) {
        const auto refused = aircomp(command + " " + option + items, /*errors=*/true);
        CAPTURE(command, refused.output);
        CHECK(refused.code == 2);
        CHECK_THAT(refused.output, Contains(option.substr(0, option.size() - 1) +
                                            ": expected a list without empty items, found '" +
                                            items + "' (aircomp "));
    }
    CHECK(aircomp("tokens --prompt ,, --json -" + demo).code == 0);
}

TEST_CASE("a mistyped name gets the nearest known one") {
    const std::string demo = " --model " + model;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"genrate", "'genrate' is no command; known are demo, generate, "},
        {"genrate", ", did you mean generate? (aircomp --help)"},
        {"bench decod", "known are decode, media"},
        {"bench decod", ", did you mean decode? (aircomp bench --help)"},
        {"generate --promt hi",
         "'--promt' is no option of aircomp generate, did you mean --prompt?"},
        {"logits --toknes=1" + demo,
         "'--toknes' is no option of aircomp logits, did you mean --tokens?"},
        {"pki init x --dyas 3", "'--dyas' is no option of aircomp pki init, did you mean --days?"},
        {"logits --quite" + demo,
         "'--quite' is no option of aircomp logits (aircomp logits --help)"},
        {"logits --tokens 1 --scheme mmes" + demo, "found 'mmes', did you mean mmse?"},
        {"logits --tokens 1 --medium symbl" + demo, "found 'symbl', did you mean symbol?"},
        {"compare --text x --schemes exact,digitl" + demo, "found 'digitl', did you mean digital?"},
        {"transceiver --problem x --scheme invresion",
         "found 'invresion', did you mean inversion?"},
        {"device --coordinator x --name x --log jsn" + demo, "found 'jsn', did you mean json?"},
        {"reproduce perplexity-snrr", "'perplexity-snrr' is not known; known are all, "},
        {"reproduce perplexity-snrr", ", did you mean perplexity-snr?"},
    };
    for (const auto& [arguments, expected] : cases) {
        const auto result = aircomp(arguments, /*errors=*/true);
        CAPTURE(arguments, result.output);
        CHECK(result.code == 2);
        CHECK_THAT(result.output, Contains(expected));
        CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
    }
}

}  // namespace
