// SPDX-License-Identifier: GPL-3.0-or-later
// What a device does between two links, as values.
#include "daemon/device/reconnection.hpp"

#include "support/catch.hpp"

namespace aircomp::runtime::testbed {
namespace {

TEST_CASE("waits between attempts double up to a second, each a quarter off at most") {
    BackOff back_off("device-1");
    for (const double wait_s : {0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0})
        CHECK(back_off.next_s() == Approx(wait_s).epsilon(0.25));
    back_off.reset();
    CHECK(back_off.next_s() == Approx(0.05).epsilon(0.25));
}

TEST_CASE("two devices that are lost at one time do not come back at one time") {
    CHECK(BackOff("device-1").next_s() != BackOff("device-2").next_s());
}

TEST_CASE("a coordinator that has never admitted a device is not missed") {
    Absence absence;
    CHECK(absence.seconds(1000) == 0);
    absence.heard(1000, 0);
    CHECK(absence.seconds(2000) == 0);
}

TEST_CASE("a coordinator is gone since it was last heard") {
    Absence absence;
    absence.begin_run();
    absence.heard(1000, 0);
    CHECK(absence.seconds(1000) == 0);
    CHECK(absence.seconds(1060) == 60);
    absence.heard(1070, 0);
    CHECK(absence.seconds(1080) == 10);
}

TEST_CASE("a pause that the coordinator asked for does not count as its absence") {
    Absence absence;
    absence.begin_run();
    absence.heard(1000, 30);
    CHECK(absence.seconds(1020) <= 0);
    CHECK(absence.seconds(1040) == 10);
}

}  // namespace
}  // namespace aircomp::runtime::testbed
