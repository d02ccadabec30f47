// SPDX-License-Identifier: GPL-3.0-or-later
// Files and folders that options name and that are not what a command expects: every one of every
// command ends with a word about that file, without a crash and without a standstill.
#include <filesystem>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "program.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace {

using aircomp::test::aircomp;
using aircomp::test::commands_from;
using aircomp::test::Outcome;
using aircomp::test::run;
using aircomp::test::TemporaryFolder;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";
const std::string text = model + "/evaluation.txt";

/// How a command is run with little work: the files that it cannot do without, and other words.
struct Call {
    std::map<std::string, std::string> files;  ///< By option; a positional has no dashes.
    std::string rest;
};

const std::map<std::string, Call> calls = {
    {"demo", {{}, "--tokens 1"}},
    {"generate", {{{"--model", model}}, "--scheme mmse --prompt hi --tokens 1"}},
    {"chat", {{{"--model", model}}, "--scheme mmse"}},
    {"serve", {{{"--model", model}}, "--scheme mmse --listen 127.0.0.1:0"}},
    {"perplexity",
     {{{"--model", model}, {"--text", text}},
      "--scheme mmse --no-reference --limit-tokens 4 --context 8"}},
    {"logits", {{{"--model", model}}, "--scheme mmse --tokens 1"}},
    {"tokens", {{{"--model", model}, {"--text", text}}, ""}},
    {"compare",
     {{{"--model", model}, {"--text", text}, {"--json", "compare.json"}},
      "--schemes mmse --limit-tokens 4 --context 8"}},
    {"config", {}},
    {"assign", {{{"config", "lab.yaml"}, {"--model", model}, {"--json", "assign.json"}}, ""}},
    {"plan", {{{"--model", model}, {"--json", "plan.json"}}, ""}},
    {"transceiver", {}},
    {"reproduce", {{{"--out", "results"}}, "trial.yaml"}},
    {"report", {}},
    {"model", {}},
    {"calibrate",
     {{{"--model", model}, {"--text", text}, {"--output", "demo.aircomp-calibration"}}, ""}},
    {"sum", {}},
    {"record", {{{"config", "lab.yaml"}, {"--output", "out"}}, "--rounds 1"}},
    {"replay", {}},
    {"bench decode", {}},
    {"bench media", {}},
    {"bench control", {}},
    {"bench mpi", {}},
    {"coordinator",
     {{{"config", "lab.yaml"}, {"--model", model}, {"--text-file", "prompt.txt"}}, "--tokens 1"}},
    {"device", {{{"--model", model}}, "--coordinator 127.0.0.1:1 --name a --once"}},
    {"top", {{}, "127.0.0.1:1 --once"}},
    {"pki init", {}},
    {"pki issue", {{}, "a"}},
    {"doctor", {}},
    {"mpi", {{{"--model", model}}, "--scheme mmse --prompt hi --tokens 1"}},
};

/// What is written: a file, or a folder that is made.
const std::set<std::string> written_files = {"--json",      "--plot",      "--output",
                                             "--port-file", "--page-file", "--resume"};
const std::set<std::string> made_folders = {"--out", "--folder", "pki init folder"};

/// Where another refusal comes before the file is read: of ranks that are missing, of a model that was
/// not taught to chat; and where it is not read: without a page, or with the scheme exact.
const std::set<std::string> read_later = {"bench mpi --folder", "mpi --calibration",
                                          "chat --calibration", "coordinator --calibration",
                                          "coordinator --token-file"};

bool is_made(const std::string& command, const std::string& option) {
    return made_folders.count(option) > 0 || made_folders.count(command + " " + option) > 0;
}

/// The options of each command whose help says that they take a file or a folder.
std::map<std::string, std::vector<std::string>> all_file_options() {
    static const std::regex line_of_option("^ {2,4}(-\\w,)?(--[\\w-]+|\\w+) (FILE|FOLDER)( .*|$)");
    std::map<std::string, std::vector<std::string>> all;
    for (const std::string& command : commands_from()) {
        std::istringstream help(aircomp(command + " --help").output);
        for (std::string line; std::getline(help, line);) {
            std::smatch found;
            if (std::regex_match(line, found, line_of_option)) all[command].push_back(found[2]);
        }
    }
    return all;
}

/// A folder with what the calls above name; commands are run in it.
void prepare(const TemporaryFolder& folder) {
    folder.write("lab.yaml",
                 "scheme: exact\n"
                 "testbed: {listen: '127.0.0.1:0', metrics_listen: none, join_timeout_s: 0}\n");
    folder.write("prompt.txt", "Once upon a time");
    folder.write("trial.yaml",
                 "title: t\nquestion: q\nmeasure: perplexity\nbase: {model: {folder: '" + model +
                     "'}}\nsetup: {text: '" + text +
                     "', limit_tokens: 4, context_tokens: 8}\n"
                     "axes: [{name: scheme, key: scheme, values: [exact]}]\nseeds: [1]\n");
}

std::string value_of(const std::string& option, const std::string& value) {
    return (option[0] == '-' ? option + " " : "") + "'" + value + "' ";
}

/// The command with `file` for that option. A standstill has the exit code 124.
Outcome call(const TemporaryFolder& folder, const std::string& command, const std::string& option,
             const std::string& file) {
    const Call& own = calls.at(command);
    std::string words = value_of(option, file);
    for (const auto& [other, value] : own.files)
        if (other != option) words += value_of(other, value);
    return run("cd '" + folder.path().string() + "' && timeout 100 " AIRCOMP_PROGRAM " " + command +
                   " " + words + own.rest + " < /dev/null",
               /*errors=*/true);
}

/// The command ends, by itself, with a word about the file.
void check_refused(const TemporaryFolder& folder, const std::string& command,
                   const std::string& option, const std::string& file) {
    const Outcome outcome = call(folder, command, option, file);
    CAPTURE(command, option, file, outcome.output, outcome.code);
    CHECK((outcome.code == 1 || outcome.code == 2));
    CHECK(outcome.output.find(file) != std::string::npos);
}

/// What is no good for any option but texts, which may be short.
std::vector<std::string> bad_files(const TemporaryFolder& folder) {
    std::mt19937 random(1);
    std::string bytes(3000, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    std::filesystem::create_directories(folder.path() / "nothing");
    return {folder.path() / "missing", folder.path() / "nothing", folder.write("empty", ""),
            folder.write("binary", bytes), folder.write("short", "Hello")};
}

TEST_CASE("what is no good as a file or folder of an option is named, with every command") {
    const TemporaryFolder folder;
    prepare(folder);
    const std::vector<std::string> bad = bad_files(folder);
    const std::string& directory = bad[1];
    const std::string& file = bad[4];
    std::set<std::string> tried;
    std::size_t turn = 0;
    for (const auto& [command, options] : all_file_options()) {
        CAPTURE(command);
        REQUIRE(calls.count(command) == 1);
        for (const std::string& option : options) {
            if (read_later.count(command + " " + option) > 0) continue;
            const bool is_first = tried.insert(option).second;
            const bool is_text = option == "--text" || option == "--text-file";
            if (written_files.count(option) > 0) {
                if (is_first) check_refused(folder, command, option, directory);
            } else if (is_made(command, option)) {
                check_refused(folder, command, option, file);
            } else {
                // What other commands do with the same option is the same code, for the most part.
                const std::size_t count = is_first ? bad.size() : 1;
                for (std::size_t i = 0; i < count; ++i) {
                    const std::string& one = bad[turn++ % bad.size()];
                    if (!is_text || one != file) check_refused(folder, command, option, one);
                }
            }
        }
    }
    CHECK(tried.size() > 18);
}

TEST_CASE("texts that are too short to calibrate with are named") {
    const TemporaryFolder folder;
    prepare(folder);
    check_refused(folder, "calibrate", "--text", folder.write("short", "Hello").string());
}

TEST_CASE("a prompt that is too long is named by its file") {
    const TemporaryFolder folder;
    prepare(folder);
    std::string long_text;
    for (int i = 0; i < 3000; ++i)
        long_text += "word ";
    const std::string file = folder.write("long.txt", long_text).string();
    const Outcome outcome = run("cd '" + folder.path().string() +
                                    "' && " AIRCOMP_PROGRAM " coordinator lab.yaml --model " +
                                    model + " --text-file " + file,
                                /*errors=*/true);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, Catch::Contains(file + ": expected at most "));
}

}  // namespace
