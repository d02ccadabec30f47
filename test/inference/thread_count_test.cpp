// SPDX-License-Identifier: GPL-3.0-or-later
// A number that is asked for stands; without one, processes share the cores.
#include "aircomp/inference/thread_count.hpp"

#include "support/catch.hpp"

using aircomp::inference::thread_count;

TEST_CASE("threads are as many as were asked for, however many compute") {
    CHECK(thread_count(3) == 3);
    CHECK(thread_count(3, 100) == 3);
}

TEST_CASE("processes share the cores where no threads were asked for, and each has one") {
    const int cores = thread_count();
    REQUIRE(cores >= 1);
    CHECK(thread_count(0, cores) == 1);
    CHECK(thread_count(0, 2 * cores) == 1);
    CHECK(2 * thread_count(0, 2) <= (cores == 1 ? 2 : cores));
}
