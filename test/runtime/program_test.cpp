// SPDX-License-Identifier: GPL-3.0-or-later
// The aircomp program as a shell sees it: results as JSON, errors as one line and exit code 2.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace {

struct Outcome {
    int code;
    std::string output;
};

/// Runs the program with `arguments`, standard error into the output where `errors` says so.
Outcome aircomp(const std::string& arguments, bool errors = false) {
    const std::string command =
        std::string(AIRCOMP_PROGRAM) + " " + arguments + (errors ? " 2>&1" : " 2>/dev/null");
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, n);
    return {WEXITSTATUS(pclose(pipe)), output};
}

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";
const std::string text = model + "/evaluation.txt";

TEST_CASE("perplexity over the exact medium is the unsplit model's to four digits") {
    const auto run = [](const std::string& options) {
        const auto result = aircomp("perplexity --model " + model + " --text " + text +
                                    " --limit-tokens 600 --json - " + options);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(result.output);
    };
    const auto whole = run("--scheme centralized");
    const auto split = run("--scheme exact --shares 0.4,0.3,0.2,0.1");
    for (const char* key : {"perplexity", "bits_per_byte", "tokens", "nmse", "scheme", "seed"}) {
        CHECK(whole.contains(key));
    }
    CHECK(whole["tokens"] == 600);
    CHECK(split["perplexity"].get<double>() ==
          Approx(whole["perplexity"].get<double>()).epsilon(1e-4));
}

TEST_CASE("the demo model writes on, over the air, the same for the same seed") {
    const std::string options = "generate --model " + model + " --prompt \"The server\" --tokens 8";
    const auto first = aircomp(options);
    CHECK(first.code == 0);
    CHECK(first.output.rfind("The server", 0) == 0);
    CHECK(first.output.size() > 20);
    CHECK(first.output == aircomp(options).output);
}

TEST_CASE("logits come as JSON, one a vocabulary entry") {
    const auto result = aircomp("logits --model " + model + " --tokens 1,2,3 --json -");
    REQUIRE(result.code == 0);
    CHECK(nlohmann::json::parse(result.output)["logits"].size() == 4096);
}

TEST_CASE("transceiver reads a problem and prints a design") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("aircomp-problem-" + std::to_string(getpid()) + ".json");
    std::ofstream(file) << R"({"streams": 1, "noise_power_w": 0.25, "devices": [
        {"power_w": 1, "second_moment": 1, "channel": {"re": [[1]], "im": [[0]]}}]})";
    const auto result = aircomp("transceiver --problem " + file.string() + " --scheme mmse");
    std::filesystem::remove(file);
    REQUIRE(result.code == 0);
    const auto json = nlohmann::json::parse(result.output);
    // One antenna, one device: B = 1 at full power, A = 1 / (1 + sigma^2), MSE = sigma^2 / (1 +
    // sigma^2).
    CHECK(json["mse"].get<double>() == Approx(0.2));
    CHECK(json["nmse"].get<double>() == Approx(0.2));
    CHECK(json["combiner"]["re"].size() == 1);
    CHECK(json["precoders"].size() == 1);
    CHECK(json.contains("solve_time_s"));
    CHECK(json["multipliers"].size() == 1);
}

TEST_CASE("bad input is one clear line and exit code 2") {
    const std::string perplexity = "perplexity --model " + model + " --text " + text;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {perplexity + " --shares 0.5,0.3,0.1,0.05", "0.95"},
        {perplexity + " --shares 0.5,0.5", "shares"},
        {perplexity + " --shares=-0.5,0.5,0.5,0.5", "shares"},
        {perplexity + " --shares nan,0.5,0.3,0.2", "shares"},
        {perplexity + " --scheme magic", "magic"},
        {perplexity + " --snr-db nan", "snr"},
        {"perplexity --model " + model + " --text /nowhere", "/nowhere"},
        {"perplexity --model /nowhere --text " + text, "/nowhere"},
        {"perplexity --text " + text, "--model"},
        {"perplexity --model " + model + " --text /dev/null", "/dev/null"},
        {"logits --model " + model + " --tokens 1,4096", "4096"},
        {"logits --model " + model + " --tokens=-1", "-1"},
        {"transceiver --problem /nowhere", "/nowhere"},
        {"transceiver --problem /dev/null", "/dev/null"},
        {"--config x", "aircomp"},
        {"nonsense", "aircomp"},
    };
    for (const auto& [arguments, expected] : cases) {
        CAPTURE(arguments);
        const auto result = aircomp(arguments, /*errors=*/true);
        CAPTURE(result.output);
        CHECK(result.code == 2);
        CHECK(result.output.find(expected) != std::string::npos);
        CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
    }
}

TEST_CASE("every command explains itself with an example") {
    for (const char* command :
         {"generate", "perplexity", "logits", "transceiver", "compare", "bench"}) {
        const auto help = aircomp(std::string(command) + " --help");
        CHECK(help.code == 0);
        CHECK(help.output.find("Example") != std::string::npos);
    }
}

}  // namespace
