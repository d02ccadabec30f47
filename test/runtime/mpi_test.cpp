// SPDX-License-Identifier: GPL-3.0-or-later
// The wired engine under mpirun against the same schemes in one process.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

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
