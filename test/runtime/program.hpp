// SPDX-License-Identifier: GPL-3.0-or-later
// The aircomp program, run by a shell.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "support/catch.hpp"

namespace aircomp::test {

struct Outcome {
    int code;
    std::string output;
};

/// Runs a command line; standard error goes into the output where `errors` says so.
inline Outcome run(const std::string& command, bool errors = false) {
    FILE* pipe = popen((command + (errors ? " 2>&1" : " 2>/dev/null")).c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, n);
    return {WEXITSTATUS(pclose(pipe)), output};
}

/// Runs the program with `arguments`.
inline Outcome aircomp(const std::string& arguments, bool errors = false) {
    return run(std::string(AIRCOMP_PROGRAM) + " " + arguments, errors);
}

}  // namespace aircomp::test
