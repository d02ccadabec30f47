// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp reproduce with processes that are interrupted, killed or many: the table is the same.
#include <sys/file.h>

#include <algorithm>
#include <map>
#include <regex>

#include "program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::test {
namespace {

constexpr const char* trial_file = R"(
title: A trial
question: Does it go on?
measure: design
base: {radio: {server_antennas: 8, streams: 2}}
setup: {channels: 20}
axes:
  - {name: devices, key: setup.devices, values: [2, 3, 4, 5]}
  - {name: snr_db, key: radio.snr_db, values: [0, 10, 20]}
seeds: [1, 2]
plots:
  - {x: snr_db, y: [nmse], lines: [devices], y_scale: log}
)";
constexpr std::size_t all_points = 24;

/// A folder with the experiment, and its table as an undisturbed process writes it.
class Trial {
public:
    Trial() : file_(folder_.write("trial.yaml", trial_file).string()) {
        REQUIRE(aircomp(arguments("whole") + " --workers 1").code == 0);
        whole_ = table("whole");
        // Each row ends with its point's hash and the version.
        const auto version = whole_.rfind(',');
        const auto hash = whole_.rfind(',', version - 1);
        last_hash_ = whole_.substr(hash + 1, version - hash - 1);
    }

    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    std::string arguments(const std::string& out) const {
        return "reproduce " + file_ + " --out " + path(out);
    }
    std::vector<std::string> words(const std::string& out) const {
        return {"reproduce", file_, "--out", path(out)};
    }
    const std::string& whole() const { return whole_; }
    std::string table(const std::string& out) const {
        return contents(folder_.path() / out / "trial" / "table.csv");
    }

    /// Finished points and when each was.
    std::map<std::string, std::filesystem::file_time_type> finished(const std::string& out) const {
        std::map<std::string, std::filesystem::file_time_type> files;
        std::error_code none;
        const auto folder = folder_.path() / out / "trial/points";
        for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
            if (entry.path().extension() == ".json")
                files[entry.path().filename()] = entry.last_write_time();
        }
        return files;
    }

    /// Claims the last point as a process does that works on it: until that is let go, no run of
    /// this folder can end, however fast it is.
    class Hold {
    public:
        Hold(const Trial& trial, const std::string& out) {
            const std::filesystem::path points = trial.path(out + "/trial/points");
            std::filesystem::create_directories(points);
            descriptor_ = open((points / (trial.last_hash_ + ".claim")).c_str(),
                               O_CREAT | O_RDWR | O_CLOEXEC, 0666);
            REQUIRE(flock(descriptor_, LOCK_EX | LOCK_NB) == 0);
        }
        ~Hold() { close(descriptor_); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        int descriptor_;
    };

private:
    TemporaryFolder folder_;
    std::string file_;
    std::string whole_;
    std::string last_hash_;
};

TEST_CASE("a run that is interrupted or killed goes on to the same table, byte for byte") {
    const int signal = GENERATE(SIGINT, SIGKILL);
    CAPTURE(signal);
    const Trial trial;
    {
        const Trial::Hold hold(trial, "stopped");
        auto words = trial.words("stopped");
        words.insert(words.end(), {"--workers", "2"});
        Process run(words, trial.path("log"));
        REQUIRE(eventually([&] { return trial.finished("stopped").size() >= 5; }));
        run.signal(signal);
        CHECK(run.wait() == 128 + signal);
        if (signal == SIGINT) CHECK(run.says("the same command goes on where this was"));
    }
    CHECK(trial.table("stopped").empty());
    const auto before = trial.finished("stopped");
    CHECK(before.size() < all_points);
    REQUIRE(aircomp(trial.arguments("stopped") + " --workers 2").code == 0);
    CHECK(trial.table("stopped") == trial.whole());
    // What was finished was not measured again.
    const auto after = trial.finished("stopped");
    CHECK(after.size() == all_points);
    for (const auto& [name, time] : before)
        CHECK(after.at(name) == time);
}

TEST_CASE("tasks of a Slurm array share the points and write the same table") {
    const Trial trial;
    // The script runs the program of the folder that it was submitted from.
    std::filesystem::create_directories(trial.path("build/release/bin"));
    std::filesystem::create_symlink(AIRCOMP_PROGRAM, trial.path("build/release/bin/aircomp"));
    const auto task = [&](int number) {
        return std::vector<std::string>{
            "sh", "-c",
            "SLURM_ARRAY_TASK_ID=" + std::to_string(number) + " SLURM_SUBMIT_DIR=" +
                trial.path("") + " exec " AIRCOMP_SOURCE_DIR "/scripts/slurm-reproduce \"$@\""};
    };
    const std::vector<std::string> own = {trial.path("trial.yaml"), "--out", trial.path("array")};
    Process first(own, trial.path("log-1"), task(1));
    Process second(own, trial.path("log-2"), task(2));
    CHECK(first.wait() == 0);
    CHECK(second.wait() == 0);
    CHECK(trial.table("array") == trial.whole());
}

TEST_CASE("a table says of which program it is, by a hash of the sources") {
    const std::string version = aircomp("--version").output;
    CHECK(std::regex_match(version, std::regex("[0-9.]+\\+[0-9a-f]{12}\n")));
    const std::string table = Trial().whole();
    CHECK(table.substr(table.rfind(',') + 1) == version);

    const TemporaryFolder folder;
    folder.write("version.in", "@AIRCOMP_VERSION@");
    const auto version_of = [&](const std::string& sources) {
        const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
        REQUIRE(run(AIRCOMP_CMAKE " -D VERSION=1.2.3 -D SOURCE_DIR=" + path(sources) +
                    " -D INPUT=" + path("version.in") + " -D OUTPUT=" + path("version") + " -P " +
                    AIRCOMP_SOURCE_DIR "/cmake/SourceVersion.cmake")
                    .code == 0);
        return contents(path("version"));
    };
    for (const char* clone : {"one", "two"}) {
        std::filesystem::create_directories(folder.path() / clone / "optimizer/src");
        std::filesystem::create_directories(folder.path() / clone / "docs");
        folder.write(std::string(clone) + "/optimizer/src/a.cpp", "int a;");
    }
    const std::string before = version_of("one");
    CHECK(before.rfind("1.2.3+", 0) == 0);
    CHECK(version_of("two") == before);
    folder.write("two/docs/a.md", "Words.");
    CHECK(version_of("two") == before);
    folder.write("two/optimizer/src/a.cpp", "int b;");
    CHECK(version_of("two") != before);
}

TEST_CASE("what reproduce and report cannot use is named") {
    const TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
    const auto refused = [](const std::string& arguments, const std::string& message) {
        const auto outcome = aircomp(arguments, /*errors=*/true);
        CAPTURE(outcome.output);
        CHECK(outcome.code == 2);
        CHECK(std::count(outcome.output.begin(), outcome.output.end(), '\n') == 1);
        CHECK_THAT(outcome.output, Catch::Contains(message));
    };
    const std::string trial = folder.write("trial.yaml", trial_file).string();
    refused("reproduce nothing",
            "experiment 'nothing' is not known; known are all, accuracy-cells");
    refused("reproduce " + path("none.yaml"), path("none.yaml") + ": no such file");
    refused("reproduce " + trial + " --workers 1 --out " + trial,
            trial + "/trial cannot be made: Not a directory");
    refused("report " + path("none"), path("none") + ": expected a folder");
    refused("report " + path(""), ": no finished experiment in it");

    std::string wrong = trial_file;
    wrong.replace(wrong.find("[nmse]"), 6, "[nsme]");
    refused("reproduce " + folder.write("wrong.yaml", wrong).string() + " --workers 1 --out " +
                path("out"),
            "wrong: a plot's y: expected a column that design measures, nmse, iterations, found "
            "nsme");

    REQUIRE(aircomp("reproduce " + trial + " --out " + path("out")).code == 0);
    const auto points = std::filesystem::directory_iterator(folder.path() / "out/trial/points");
    const std::string damaged = points->path().string();
    std::ofstream(damaged) << "{";
    refused("reproduce " + trial + " --workers 1 --out " + path("out"),
            damaged + ": expected JSON, found a file that is damaged");
    std::ofstream(damaged) << R"({"iterations": 3, "nmse": null})";
    refused("reproduce " + trial + " --workers 1 --out " + path("out"),
            damaged + ": nmse: expected a number, found null");
    std::ofstream(damaged) << "[1]";
    refused("reproduce " + trial + " --workers 1 --out " + path("out"),
            damaged + ": expected numbers by name, found array");
    std::filesystem::remove(damaged);
    CHECK(aircomp("reproduce " + trial + " --out " + path("out")).code == 0);
}

TEST_CASE("a table whose rows would have different columns is not written, and says why") {
    const TemporaryFolder folder;
    const auto file = folder.write("trial.yaml", R"(
title: A trial
question: Whose energy?
measure: link
setup: {dimensions: llama-2-7b, tokens: 1, device_energy: true}
axes:
  - name: devices
    cases:
      - label: one
        set: {devices: [{name: north, compute_flops_per_s: 1e12, energy_j_per_flop: 1e-11,
                         max_power_w: 0.1, memory_bytes: 64e9, antennas: 2}]}
      - label: other
        set: {devices: [{name: south, compute_flops_per_s: 1e12, energy_j_per_flop: 1e-11,
                         max_power_w: 0.1, memory_bytes: 64e9, antennas: 2}]}
seeds: [1]
)");
    const auto outcome = aircomp(
        "reproduce " + file.string() + " --workers 1 --out " + (folder.path() / "out").string(),
        /*errors=*/true);
    CAPTURE(outcome.output);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, Catch::Contains("expected the columns of the first point") &&
                                   Catch::Contains("north_energy_j, found") &&
                                   Catch::Contains("south_energy_j"));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out/trial/table.csv"));
}

#ifdef AIRCOMP_WITH_MPI
TEST_CASE("ranks share the points, and one that dies loses none but those it was at") {
    const bool is_killed = GENERATE(false, true);
    CAPTURE(is_killed);
    const Trial trial;
    const std::string rank =
        "echo $$ > " + trial.path("pid.") + "$OMPI_COMM_WORLD_RANK; exec \"$0\" \"$@\"";
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    std::optional<Trial::Hold> hold(std::in_place, trial, "ranks");
    Process job(trial.words("ranks"), trial.path("log"),
                {"mpirun", "--enable-recovery", "--oversubscribe", "-n", "3", "sh", "-c", rank});
    REQUIRE(eventually([&] {
        return trial.finished("ranks").size() >= 5 && !contents(trial.path("pid.2")).empty();
    }));
    if (is_killed) ::kill(std::stoi(contents(trial.path("pid.2"))), SIGKILL);
    hold.reset();
    CHECK(job.wait() == 0);
    CHECK(trial.table("ranks") == trial.whole());
    CHECK(trial.finished("ranks").size() == all_points);
}
#endif

}  // namespace
}  // namespace aircomp::test
