// SPDX-License-Identifier: GPL-3.0-or-later
// The wired engine under mpirun against the same schemes in one process.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using aircomp::test::aircomp;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";

/// On a small machine, as root or not. Open MPI leaves memory behind, of modules that it has
/// unloaded by then, so that a leak sanitizer cannot be told whose it is.
aircomp::test::Outcome on_ranks(int ranks, const std::string& arguments, bool errors = false) {
    return aircomp::test::run(
        "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 OMPI_ALLOW_RUN_AS_ROOT=1 "
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n " +
            std::to_string(ranks) + " " + AIRCOMP_PROGRAM + " mpi " + arguments,
        errors);
}

TEST_CASE("ranks write what one process writes, with partials as they are and as codes") {
    const std::string scheme =
        GENERATE("exact", "digital --digital-bits 5", "exact --temperature 0.8 --seed 7");
    // The simulated sum would come back rounded by its downlink.
    const auto config = std::filesystem::temp_directory_path() / "aircomp-mpi-test.yaml";
    std::ofstream(config) << "radio: {downlink: free}\n";
    const std::string options = " --config " + config.string() + " --model " + model +
                                " --scheme " + scheme +
                                " --shares 0.4,0.3,0.2,0.1 --prompt \"The server\" --tokens 6 "
                                "--json -";
    const auto alone = aircomp("generate" + options);
    const auto together = on_ranks(5, options);
    std::filesystem::remove(config);
    REQUIRE(alone.code == 0);
    REQUIRE(together.code == 0);
    const auto wired = nlohmann::json::parse(together.output);
    CHECK(wired["tokens"] == nlohmann::json::parse(alone.output)["tokens"]);
    // 256 values of 5 bits and their range, or float32.
    CHECK(wired["sent_bytes_per_all_reduce"] == (scheme.find("exact") == 0 ? 1024.0 : 164.0));
}

TEST_CASE("ranks have Lloyd-Max levels, parts of a bit and error feedback as one process has") {
    const aircomp::test::TemporaryFolder folder;
    const std::string config = (folder.path() / "codes.yaml").string();
    const std::string feedback = GENERATE("true", "false");
    std::ofstream(config) << "radio: {downlink: free}\n"
                             "digital: {bits: 3.4, quantiser: lloyd-max, error_feedback: "
                          << feedback << "}\n";
    const std::string options = " --config " + config + " --model " + model +
                                " --scheme digital --shares 0.4,0.3,0.2,0.1 --prompt \"The server\""
                                " --tokens 8 --json -";
    const auto alone = aircomp("generate" + options);
    const auto together = on_ranks(5, options);
    REQUIRE(alone.code == 0);
    REQUIRE(together.code == 0);
    const auto wired = nlohmann::json::parse(together.output);
    CHECK(wired["tokens"] == nlohmann::json::parse(alone.output)["tokens"]);
    // Of 256 values 102 with 4 bits and the others with 3, and a scale each.
    CHECK(wired["sent_bytes_per_all_reduce"] == 4.0 + 51 + 4 + 58);
}

/// A folder with calibrations of the demo's model: a whole one, one that was cut, one of another model.
struct Calibrations {
    Calibrations() {
        REQUIRE(aircomp("calibrate --model " + model +
                        " --limit-tokens 1024 --window 64 --rank 8 --transform-rank 8 --output " +
                        path("whole"))
                    .code == 0);
        const std::string whole = aircomp::test::contents(path("whole"));
        std::ofstream(path("cut")) << whole.substr(0, whole.size() / 2);
        std::string other = whole;
        const auto hash = other.find("model-sha256\":\"") + 15;
        other[hash] = other[hash] == '0' ? '1' : '0';
        std::ofstream(path("other")) << other;
        std::ofstream(path("lab.yaml"))
            << "radio: {downlink: free}\ncalibration: {file: whole, max_compute: 10}\n";
    }

    std::string path(const std::string& name) const { return (temporary.path() / name).string(); }

    aircomp::test::TemporaryFolder temporary;
};

TEST_CASE("with a calibration ranks write what one process writes, whatever shares they have") {
    const Calibrations files;
    const std::string shares = GENERATE("0.4,0.3,0.2,0.1", "0.1,0.6,0.05,0.25");
    const std::string options = " --config " + files.path("lab.yaml") + " --model " + model +
                                " --shares " + shares +
                                " --prompt \"The server\" --tokens 6 --json - --scheme ";
    const auto alone = aircomp("generate" + options + "digital --digital-bits 5");
    const auto together = on_ranks(5, options + "digital --digital-bits 5");
    REQUIRE(alone.code == 0);
    REQUIRE(together.code == 0);
    const auto tokens = nlohmann::json::parse(together.output)["tokens"];
    CHECK(tokens == nlohmann::json::parse(alone.output)["tokens"]);
    // As good as without noise: what is left out and transformed is put back.
    const auto fine = on_ranks(5, options + "digital --digital-bits 16");
    const auto exact = aircomp("generate" + options + "exact");
    REQUIRE(fine.code == 0);
    REQUIRE(exact.code == 0);
    CHECK(nlohmann::json::parse(fine.output)["tokens"] ==
          nlohmann::json::parse(exact.output)["tokens"]);
}

TEST_CASE("a calibration that is not rank 0's, or no good, is one line that names rank and file") {
    const Calibrations files;
    const std::string common = " --model " + model + " --devices 2 --scheme digital --prompt The ";
    const auto refusal = [&](const std::string& first, const std::string& others) {
        const auto of = [&](const std::string& file) {
            return common + "--calibration " + files.path(file);
        };
        const auto outcome =
            on_ranks(1, of(first) + " : -n 2 " AIRCOMP_PROGRAM " mpi " + of(others), true);
        CHECK(outcome.code == 2);
        return outcome.output;
    };
    const std::string differs = refusal("whole", "other");
    CHECK(differs.find("aircomp: rank 1: " + files.path("other") +
                       ": expected the calibration of rank 0, SHA-256 ") != std::string::npos);
    CHECK(refusal("whole", "missing").find(files.path("missing") + ": expected the calibration") !=
          std::string::npos);
    CHECK(refusal("cut", "cut").find("aircomp: " + files.path("cut") + ": ") != std::string::npos);
    CHECK(refusal("other", "other").find("expected a calibration of the model ") !=
          std::string::npos);
}

TEST_CASE("a job of another size or scheme is one line from rank 0") {
    const auto few = on_ranks(3, "--model " + model + " --prompt The", /*errors=*/true);
    CHECK(few.code == 2);
    CHECK(few.output.find("aircomp: MPI: expected 5 ranks, a coordinator and 4 devices, found 3") !=
          std::string::npos);
    const auto air = on_ranks(3, "--model " + model + " --devices 2 --scheme mmse --prompt The",
                              /*errors=*/true);
    CHECK(air.code == 2);
    const std::string line = "aircomp: scheme: with MPI expected exact or digital, found 'mmse'";
    CHECK(air.output.find(line) != std::string::npos);
    CHECK(air.output.find(line) == air.output.rfind(line));
}

}  // namespace
