// SPDX-License-Identifier: GPL-3.0-or-later
// The loop by a clock that a test moves.
#include "daemon/link/loop.hpp"

#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "testbed/given_time.hpp"

namespace aircomp::test {
namespace {

namespace control = runtime::control;

TEST_CASE("turns come in the order in which they are due, by the loop's clock") {
    GivenTime time;
    std::string turns;
    time.loop().every(0.75, [&] { turns += 'b'; });
    time.loop().every(0.5, [&] { turns += 'a'; });
    time.loop().poll();
    CHECK(turns.empty());
    time.pass(1);
    CHECK(turns == "aba");
    time.pass(1);
    CHECK(turns == "ababaa");
}

TEST_CASE("turns that were missed are left out") {
    GivenTime time;
    std::string turns;
    time.loop().every(0.75, [&] { turns += 'b'; });
    time.loop().every(0.5, [&] { turns += 'a'; });
    time.leap(10);
    CHECK(turns == "ab");
    time.pass(0.5);
    CHECK(turns == "aba");
}

TEST_CASE("an action may have another one called") {
    GivenTime time;
    int turns = 0;
    time.loop().every(1, [&] { time.loop().every(1, [&] { ++turns; }); });
    time.pass(3);
    CHECK(turns == 3);  // One of the first at 2 s and at 3 s, one of the second at 3 s.
}

TEST_CASE("a wait is over when the loop's clock says so, or what it is for has come") {
    double now_s = 100;
    control::Loop loop([&] { return now_s; });
    loop.post([&] { now_s += 4; });
    loop.post([&] { now_s += 4; });
    CHECK_FALSE(loop.run_until([] { return false; }, 5));
    CHECK(now_s == 108);
    loop.post([&] { now_s += 4; });
    CHECK(loop.run_until([&] { return now_s == 112; }, 4));
    CHECK(loop.run_until([] { return true; }, 0));
}

TEST_CASE("what an action throws comes out of the loop, which goes on afterwards") {
    GivenTime time;
    int turns = 0;
    time.loop().every(1, [&] {
        if (++turns == 1) throw std::runtime_error("the first turn");
    });
    CHECK_THROWS_WITH(time.leap(1), "the first turn");
    time.leap(1);
    CHECK(turns == 2);
}

}  // namespace
}  // namespace aircomp::test
