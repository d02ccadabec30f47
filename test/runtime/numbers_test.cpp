// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and files from outside: nothing wraps, nothing becomes infinity, and an error has a
// place.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

using aircomp::test::aircomp;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";

/// A file of a test, gone at its end.
class File {
public:
    File(const std::string& ending, const std::string& text)
        : path_(std::filesystem::temp_directory_path() /
                ("aircomp-numbers-" + std::to_string(getpid()) + ending)) {
        std::ofstream(path_) << text;
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    std::string name() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

/// The one line that a command with bad input says, without "aircomp: ".
std::string error_of(const std::string& arguments) {
    const auto result = aircomp(arguments, /*errors=*/true);
    CAPTURE(arguments, result.output);
    CHECK(result.code == 2);
    CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
    REQUIRE(result.output.rfind("aircomp: ", 0) == 0);
    return result.output.substr(9, result.output.size() - 10);
}

/// What is wrong with a problem of `aircomp transceiver`, "FILE" standing for its name.
std::string problem_error(const std::string& text) {
    const File file(".json", text);
    std::string error = error_of("transceiver --problem " + file.name());
    const auto at = error.find(file.name());
    return at == std::string::npos ? error : error.replace(at, file.name().size(), "FILE");
}

std::string problem(const std::string& streams, const std::string& noise_power_w) {
    return R"({"streams": )" + streams + R"(, "noise_power_w": )" + noise_power_w +
           R"(, "devices": [{"power_w": 1, "second_moment": 1,
 "channel": {"re": [[1, 2], [0, 1]], "im": [[0, 0], [0, 0]]}}]})";
}

TEST_CASE("numbers of a transceiver problem neither wrap nor overflow") {
    const auto streams = [](const std::string& found) {
        return "FILE: streams: expected an integer from 1 to 2, found " + found;
    };
    CHECK(problem_error(problem("4294967297", "0.1")) == streams("4294967297"));
    CHECK(problem_error(problem("18446744073709551617", "0.1")) ==
          streams("1.8446744073709552e+19"));
    CHECK(problem_error(problem("-1", "0.1")) == streams("-1"));
    CHECK(problem_error(problem("1.5", "0.1")) == streams("1.5"));
    CHECK(problem_error(problem("3", "0.1")) == streams("3"));
    CHECK(problem_error(problem("1", "\"1\"")) ==
          "FILE: noise_power_w: expected a number, found \"1\"");
    CHECK(problem_error(problem("1", "1e400")).rfind("FILE:1:37: expected JSON, found: ", 0) == 0);
    CHECK(problem_error(problem("1", "-1"))
              .find("noise_power_w: expected a finite number above 0, found -1") !=
          std::string::npos);
}

TEST_CASE("unknown keys of a transceiver problem are refused") {
    const std::string whole = problem("1", "0.1");
    const auto with = [&](const std::string& before, const std::string& more) {
        std::string text = whole;
        return text.insert(text.find(before), more);
    };
    CHECK(problem_error(with("\"devices\"", "\"noise_powr_w\": 1, ")) ==
          "FILE: noise_powr_w: expected no key but devices, streams, noise_power_w, found 1");
    CHECK(problem_error(with("\"power_w\"", "\"error_varience\": 0.5, "))
              .find("devices[0].error_varience: expected no key but ") != std::string::npos);
    CHECK(problem_error(with("\"re\"", "\"real\": [], ")).find("channel.real: expected no key") !=
          std::string::npos);
}

TEST_CASE("broken JSON is told with line and column") {
    CHECK(problem_error("{\"streams\":1,\n  \"noise_power_w\":NaN}")
              .rfind("FILE:2:19: expected JSON, found: syntax error", 0) == 0);
    CHECK(problem_error("{\"streams\": 1,}").rfind("FILE:1:15: expected JSON, ", 0) == 0);
    CHECK(problem_error("").rfind("FILE:1:1: expected JSON, ", 0) == 0);
    CHECK(problem_error("[1").rfind("FILE:1:3: expected JSON, ", 0) == 0);
    CHECK(problem_error("[1]") == "FILE: top level: expected an object, found an array of 1");
}

TEST_CASE("JSON and YAML that are nested too deep are one error") {
    const std::string begin(30000, '['), end(30000, ']');
    const std::string deep = ": expected at most 100 levels of nesting, found more";
    CHECK(problem_error(begin) == "FILE:1:101" + deep);
    CHECK(problem_error(begin + end) == "FILE:1:101" + deep);
    CHECK(problem_error("{\"[\": \"\\\"[\", \"a\":\n" + begin + end + "}") == "FILE:2:100" + deep);

    for (const std::string& text : {begin, begin + end, "a: " + begin + end}) {
        const File yaml(".yaml", text);
        const std::string error = error_of("sum " + yaml.name());
        CAPTURE(error);
        CHECK(error.rfind(yaml.name() + ":1:", 0) == 0);
        CHECK(error.find(": expected YAML, found: too many levels of nesting") !=
              std::string::npos);
    }
}

TEST_CASE("a folder that is given for a file is said in words") {
    const std::string folder = std::filesystem::temp_directory_path().string();
    const std::string message = folder + ": is a folder, expected a file";
    CHECK(error_of("transceiver --problem " + folder) == message);
    CHECK(error_of("sum " + folder) == message);
    CHECK(error_of("perplexity --model " + model + " --text " + folder) == message);
}

TEST_CASE("numbers on the command line are decimal, finite and fit") {
    const std::string generate = "generate --model " + model + " --prompt hi ";
    const std::string seed =
        "--seed: expected a whole number from 0 to 18446744073709551615, found ";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {generate + "--seed -1", seed + "-1"},
        {generate + "--seed 18446744073709551616", seed + "18446744073709551616"},
        {generate + "--seed 1.5", seed + "1.5"},
        {generate + "--seed 0x10", seed + "0x10"},
        {generate + "--tokens 99999999999999999999",
         "--tokens: expected a whole number from -9223372036854775808 to 9223372036854775807, "
         "found 99999999999999999999"},
        {generate + "--threads 5000000000",
         "--threads: expected a whole number from -2147483648 to 2147483647, found 5000000000"},
        {generate + "--threads -1", "threads: expected a number from 0 to 4096, found -1"},
        {generate + "--snr-db 1e400", "--snr-db: expected a finite number, found 1e400"},
        {generate + "--snr-db inf", "--snr-db: expected a finite number, found inf"},
        {generate + "--temperature nan", "--temperature: expected a finite number, found nan"},
        {"logits --model " + model + " --tokens 1,99999999999999999999", "99999999999999999999"},
        {"bench decode --tokens 4294967297", "--tokens: expected 1 to 2000, found 4294967297"},
        {"transceiver --problem x --seed -1", seed + "-1"},
        {"coordinator x --prompt hi --seed -1", seed + "-1"},
        {"sum x --seed -1", seed + "-1"},
    };
    for (const auto& [arguments, expected] : cases) {
        CAPTURE(arguments, expected);
        CHECK_THAT(error_of(arguments), Catch::Matchers::Contains(expected));
    }
}

TEST_CASE("a number with leading zeros is the decimal one") {
    const auto seed_of = [](const std::string& seed) {
        const auto result = aircomp("assign " AIRCOMP_SOURCE_DIR
                                    "/configs/batteries.yaml --steps 1 --json - --seed " +
                                    seed);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(result.output)["seed"].get<int>();
    };
    CHECK(seed_of("010") == 10);
    CHECK(seed_of("+9") == 9);
}

TEST_CASE("seeds and sizes in YAML neither wrap nor overflow") {
    const auto error_in = [](const std::string& text) {
        const File file(".yaml", text);
        const std::string error = error_of("sum " + file.name());
        CHECK(error.rfind(file.name(), 0) == 0);
        return error.substr(file.name().size());
    };
    CHECK(error_in("seed: -1\n") == ":1: seed: expected an integer of at least 0, found -1");
    CHECK(error_in("seed: 18446744073709551616\n") ==
          ":1: seed: expected an integer from 0 to 18446744073709551615, found "
          "18446744073709551616");
    CHECK(error_in("radio: {streams: 4294967297}\n") ==
          ":1: radio.streams: expected an integer from -2147483648 to 2147483647, found "
          "4294967297");
    CHECK(error_in("radio: {snr_db: 1e400}\n") ==
          ":1: radio.snr_db: expected a finite number in dB, found 1e400");
    CHECK(error_in("radio: {snr_db: .nan}\n") ==
          ":1: radio.snr_db: expected a finite number in dB, found .nan");
    CHECK(error_in("seed: 1\n shares: [1, 2\n").rfind(":2:", 0) == 0);
}

TEST_CASE("an experiment's setup is within its limits") {
    const auto error_with = [](const std::string& setup) {
        const File file(".yaml",
                        "title: T\nquestion: Q\nmeasure: link\naxes:\n"
                        "  - {name: snr, key: radio.snr_db, values: [10]}\n"
                        "seeds: [1]\nsetup: {dimensions: llama-2-7b, " +
                            setup + "}\n");
        return error_of("reproduce " + file.name() + " --out /nowhere/at/all");
    };
    for (const char* key : {"position", "context_tokens", "limit_tokens", "iterations"}) {
        CHECK_THAT(error_with(std::string(key) + ": -1"),
                   Catch::Matchers::Contains(std::string(key) + ": expected 0 or more, found -1"));
    }
    CHECK_THAT(error_with("channels: 4294967297"),
               Catch::Matchers::Contains("channels: expected at most 1000000, found 4294967297"));
}

}  // namespace
