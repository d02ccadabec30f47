// SPDX-License-Identifier: GPL-3.0-or-later
// Results at the edge: what exists and is no regular file, links, modes, outputs that fail.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "aircomp/inference/whole_file.hpp"
#include "commands.hpp"
#include "program.hpp"
#include "support/catch.hpp"

namespace {

using aircomp::inference::write_whole;
using aircomp::test::aircomp;
using aircomp::test::Outcome;
using aircomp::test::run;
namespace fs = std::filesystem;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "aircomp-output-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path operator/(const std::string& name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

    /// What lies in it.
    std::size_t size() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }

private:
    fs::path path_;
};

std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct stat state_of(const fs::path& file) {
    struct stat found {};
    REQUIRE(lstat(file.c_str(), &found) == 0);
    return found;
}

std::string error_of(const fs::path& file) {
    try {
        write_whole(file, "text");
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

/// A command that is quick, without its destination.
std::string quick_command(const Folder& folder) {
    std::ofstream(folder / "problem.json") << R"({"streams": 1, "noise_power_w": 0.25, "devices": [
        {"power_w": 1, "second_moment": 1, "channel": {"re": [[1]], "im": [[0]]}}]})";
    return "transceiver --problem " + (folder / "problem.json").string() + " --json ";
}

/// The program's exit code and standard error where its standard output goes as `redirection` says.
Outcome losing(const std::string& redirection, const std::string& arguments) {
    return run("{ " AIRCOMP_PROGRAM " " + arguments + " 2>&1 " + redirection + "; }");
}

bool is_design(const std::string& text) {
    return nlohmann::json::parse(text, nullptr, false).value("mse", 0.0) == Approx(0.2);
}

TEST_CASE("a file is made with its folders, and replaced whole") {
    const Folder folder;
    const auto file = folder / "deep/er/result.json";
    write_whole(file, "a long first text\n");
    CHECK(contents(file) == "a long first text\n");
    write_whole(file, "short\n");
    CHECK(contents(file) == "short\n");
    CHECK(std::distance(fs::directory_iterator(file.parent_path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a file keeps the mode and the owner that it had") {
    const Folder folder;
    const auto file = folder / "result.json";
    std::ofstream(file) << "old";
    REQUIRE(chmod(file.c_str(), 0640) == 0);
    const bool may_give_away = geteuid() == 0 && chown(file.c_str(), 4711, 4712) == 0;
    write_whole(file, "new");
    CHECK(contents(file) == "new");
    CHECK((state_of(file).st_mode & 07777) == 0640);
    CHECK(state_of(file).st_uid == (may_give_away ? 4711 : geteuid()));
    CHECK(state_of(file).st_gid == (may_give_away ? 4712 : getegid()));
}

TEST_CASE("a new file has the mode that the user's mask leaves") {
    const Folder folder;
    const mode_t mask = umask(027);
    write_whole(folder / "result.json", "new");
    umask(mask);
    CHECK((state_of(folder / "result.json").st_mode & 07777) == 0640);
}

TEST_CASE("a link stays, and what it refers to gets the text") {
    const Folder folder;
    fs::create_directories(folder / "elsewhere");
    const auto target = folder / "elsewhere/real.json";
    SECTION("which exists, its mode kept") {
        std::ofstream(target) << "old";
        REQUIRE(chmod(target.c_str(), 0600) == 0);
    }
    SECTION("which is made") {}
    fs::create_symlink("real.json", folder / "elsewhere/second.json");
    fs::create_symlink("elsewhere/second.json", folder / "first.json");
    const bool existed = fs::exists(target);
    write_whole(folder / "first.json", "new");
    CHECK(fs::is_symlink(folder / "first.json"));
    CHECK(fs::is_symlink(folder / "elsewhere/second.json"));
    CHECK(fs::is_regular_file(fs::symlink_status(target)));
    CHECK(contents(target) == "new");
    if (existed) CHECK((state_of(target).st_mode & 07777) == 0600);
}

TEST_CASE("what cannot be a file is said in words, and nothing is left behind") {
    const Folder folder;
    fs::create_symlink("round.json", folder / "round.json");
    std::ofstream(folder / "file") << "x";
    CHECK(error_of(folder.path()) == folder.path().string() + ": is a folder, expected a file");
    CHECK(error_of(folder / "round.json") ==
          (folder / "round.json").string() +
              ": cannot be written: Too many levels of symbolic links");
    CHECK(error_of(folder / "file/result.json") ==
          (folder / "file/result.json").string() + ": cannot be written: Not a directory");
    CHECK(folder.size() == 2);
}

TEST_CASE("a file that may not be written is not replaced") {
    if (geteuid() == 0) return;  // who may write everything
    const Folder folder;
    const auto file = folder / "result.json";
    std::ofstream(file) << "old";
    REQUIRE(chmod(file.c_str(), 0444) == 0);
    CHECK(error_of(file) == file.string() + ": cannot be written: Permission denied");
    CHECK(contents(file) == "old");
}

TEST_CASE("a file in a folder that takes no new ones is written in place") {
    if (geteuid() == 0) return;  // whom no folder refuses
    const Folder folder;
    const auto file = folder / "result.json";
    std::ofstream(file) << "a long old text";
    REQUIRE(chmod(folder.path().c_str(), 0500) == 0);
    write_whole(file, "new");
    REQUIRE(chmod(folder.path().c_str(), 0700) == 0);
    CHECK(contents(file) == "new");
}

TEST_CASE("a FIFO hands the result to its reader and stays as it was") {
    const Folder folder;
    const auto fifo = folder / "fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const auto got = folder / "got.json";
    const auto result =
        run("timeout 60 cat " + fifo.string() + " > " + got.string() + " & " + AIRCOMP_PROGRAM +
            " " + quick_command(folder) + fifo.string() + "; code=$?; wait; exit $code");
    CHECK(result.code == 0);
    CHECK(is_design(contents(got)));
    CHECK(S_ISFIFO(state_of(fifo).st_mode));
    CHECK((state_of(fifo).st_mode & 07777) == 0600);
}

// Never /dev/null itself where a mistake would replace it: a node of its own, or as a user.
TEST_CASE("a device node is written through and stays") {
    const Folder folder;
    const auto node = folder / "null";
    const bool is_made = mknod(node.c_str(), S_IFCHR | 0622, makedev(1, 3)) == 0;
    if (!is_made && geteuid() == 0) return;
    const auto device = is_made ? node : fs::path("/dev/null");
    const auto before = state_of(device);
    CHECK(aircomp(quick_command(folder) + device.string(), /*errors=*/true).code == 0);
    const auto after = state_of(device);
    CHECK(S_ISCHR(after.st_mode));
    CHECK(after.st_ino == before.st_ino);
    CHECK(after.st_mode == before.st_mode);
}

TEST_CASE("/dev/stdout and a shell's >(...) are the process's own outputs") {
    const Folder folder;
    const auto all = folder / "all.txt";
    std::ofstream(all) << "before\n";
    CHECK(aircomp(quick_command(folder) + "/dev/stdout >> " + all.string()).code == 0);
    const std::string text = contents(all);
    CHECK(text.rfind("before\n", 0) == 0);
    CHECK(is_design(text.substr(7)));

    const auto piped = aircomp(quick_command(folder) + "/dev/stdout | cat");
    CHECK(is_design(piped.output));

    const auto substituted =
        run("bash -c '" + std::string(AIRCOMP_PROGRAM) + " " + quick_command(folder) + ">(cat)'");
    CHECK(is_design(substituted.output));
}

TEST_CASE("a result that does not fit leaves the old one, and nothing beside it") {
    const Folder folder;
    const auto file = folder / "logits.json";
    std::ofstream(file) << "old";
    const auto result = run("trap '' XFSZ; ulimit -f 2; " AIRCOMP_PROGRAM " logits --model " +
                                model + " --tokens 1 --json " + file.string(),
                            /*errors=*/true);
    CHECK(result.code == 2);
    CHECK(result.output.find(file.string() + ": cannot be written: File too large\n") !=
          std::string::npos);
    CHECK(contents(file) == "old");
    CHECK(folder.size() == 1);
}

TEST_CASE("a result does not replace what the command reads") {
    const Folder folder;
    fs::copy(model, folder / "model");
    std::ofstream(folder / "text") << "Some text.";
    fs::create_symlink("text", folder / "other");
    const auto refused = [&](const std::string& command, const std::string& option) {
        const auto result = aircomp(command, /*errors=*/true);
        CAPTURE(result.output);
        CHECK(result.code == 2);
        CHECK(result.output.find(option + ": expected another file than ") != std::string::npos);
    };
    const std::string own = (folder / "model").string(), text = (folder / "text").string();
    refused("logits --model " + own + " --tokens 1 --json " + own + "/config.json", "--json");
    refused("calibrate --model " + own + " --output " + own + "/model.safetensors", "--output");
    refused(
        "perplexity --model " + own + " --text " + text + " --json " + (folder / "other").string(),
        "--json");
    CHECK(contents(folder / "text") == "Some text.");
    const auto empty = aircomp("logits --model " + own + " --tokens 1 --json \"\"", true);
    CHECK(empty.code == 2);
    CHECK(empty.output.find("--json: expected the name of a file, found an empty one") !=
          std::string::npos);
    CHECK(aircomp("logits --model " + own + " --tokens 1 --json " + own + "/logits.json").code ==
          0);
}

TEST_CASE("what a picture is drawn from can be read again") {
    const std::string plan = "plan " AIRCOMP_SOURCE_DIR "/configs/loopback-symbol.yaml --json ";
    const auto error = [&](const std::string& rest) {
        const auto result = aircomp(plan + rest, /*errors=*/true);
        CHECK(result.code == 2);
        return result.output;
    };
    CHECK(
        error("/dev/null --plot a.png").find("--json: expected a file that --plot can be drawn") !=
        std::string::npos);
    CHECK(error("a.json --plot a.xyz").find("--plot: expected a name that ends in .png") !=
          std::string::npos);
}

TEST_CASE("pictures and their JSON go where links and FIFOs lead") {
    const Folder folder;
    std::ofstream(folder / "real.png") << "old";
    REQUIRE(chmod((folder / "real.png").c_str(), 0600) == 0);
    fs::create_symlink("real.png", folder / "link.png");
    fs::create_symlink("real.json", folder / "link.json");
    const std::string assign = "assign " AIRCOMP_SOURCE_DIR
                               "/configs/batteries.yaml --steps 3 --json " +
                               (folder / "link.json").string() + " --plot ";
    const auto linked = aircomp(assign + (folder / "link.png").string(), /*errors=*/true);
    CAPTURE(linked.output);
    CHECK(linked.code == 0);
    CHECK(fs::is_symlink(folder / "link.png"));
    CHECK(fs::is_symlink(folder / "link.json"));
    CHECK(contents(folder / "real.png").rfind("\x89PNG", 0) == 0);
    CHECK((state_of(folder / "real.png").st_mode & 07777) == 0600);
    CHECK(nlohmann::json::parse(contents(folder / "real.json")).contains("shares"));
    CHECK(folder.size() == 4);

    const auto fifo = folder / "fifo.pdf";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const auto got = folder / "got.pdf";
    CHECK(run("timeout 60 cat " + fifo.string() + " > " + got.string() + " & " AIRCOMP_PROGRAM " " +
              assign + fifo.string() + "; code=$?; wait; exit $code")
              .code == 0);
    CHECK(contents(got).rfind("%PDF", 0) == 0);
    CHECK(S_ISFIFO(state_of(fifo).st_mode));

    const auto unknown = aircomp(assign + (folder / "picture.xyz").string(), /*errors=*/true);
    CHECK(unknown.code == 2);
    CHECK(unknown.output.find("expected a name that ends in .") != std::string::npos);
}

TEST_CASE("every command fails, and says so, where its help is lost") {
    auto commands = aircomp::test::commands_from();
    CHECK(commands.size() > 15);
    for (std::string& command : commands)
        command += " --help";
    commands.emplace_back("--version");
    for (const std::string& command : commands) {
        CAPTURE(command);
        const auto full = losing(">/dev/full", command);
        CHECK(full.code == 2);
        CHECK(full.output ==
              "aircomp: standard output: cannot be written: No space left on device\n");
    }
    const auto closed = losing(">&-", "--help");
    CHECK(closed.code == 2);
    CHECK(closed.output == "aircomp: standard output: cannot be written: Bad file descriptor\n");
}

TEST_CASE("a result that is lost on standard output is an error") {
    const Folder folder;
    const std::string experiments = std::string(AIRCOMP_SOURCE_DIR) + "/configs/";
    const std::vector<std::string> commands = {
        quick_command(folder) + "-",
        quick_command(folder) + "/dev/stdout",
        "logits --model " + model + " --tokens 1,2 --json -",
        "generate --model " + model + " --prompt hi --tokens 2",
        "generate --model " + model + " --prompt hi --tokens 2 --json -",
        "assign " + experiments + "batteries.yaml --steps 2",
        "reproduce --list",
        "doctor",
    };
    for (const std::string& command : commands) {
        CAPTURE(command);
        for (const char* lost : {">/dev/full", ">&-"}) {
            const auto result = losing(lost, command);
            CAPTURE(lost, result.output);
            CHECK(result.code == 2);
            CHECK(result.output.find(": cannot be written") != std::string::npos);
            CHECK(result.output.back() == '\n');
        }
    }
}

TEST_CASE("without a standard output, nothing else gets its text, and what needs none works") {
    const Folder folder;
    const auto file = folder / "result.json";
    const auto result = losing(">&-", quick_command(folder) + file.string());
    CAPTURE(result.output);
    CHECK(result.code == 0);
    CHECK(is_design(contents(file)));
    CHECK(run(std::string(AIRCOMP_PROGRAM) + " " + quick_command(folder) + file.string() +
              " <&- >&- 2>&-")
              .code == 0);
    CHECK(is_design(contents(file)));
}

}  // namespace
