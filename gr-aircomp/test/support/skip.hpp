// SPDX-License-Identifier: GPL-3.0-or-later
// Tests that cannot run here: not on this machine, or not in this build.
#pragma once

#include <string>

#include "support/catch.hpp"

namespace aircomp::test {

/// What a test program exits with where nothing failed and every test that it ran was skipped;
/// ctest knows it as SKIP_RETURN_CODE.
constexpr int skip_return_code = 77;

/// How many tests of this process were skipped.
inline int skipped_tests = 0;

/// Ends a test that cannot run here: `return skip("needs root")`.
inline void skip(const std::string& reason) {
    ++skipped_tests;
    WARN("skipped: " << reason);
}

}  // namespace aircomp::test
