// SPDX-License-Identifier: GPL-3.0-or-later
// A daemon whose radio hangs is still one that can be told to end.
#include "testbed/air_laboratory.hpp"
#include "testbed/socket_relay.hpp"

namespace aircomp::test {
namespace {

TEST_CASE("a device whose radio hangs ends when it is told to", "[air faults]") {
    AirLaboratory lab;
    SocketRelay relay(lab.path("relay"), lab.path("air"));
    lab.reroute(3, lab.path("relay"));
    lab.start_coordinator(50);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    relay.freeze();
    // The others have their rounds' reports in: this one's radio waits for the air.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    REQUIRE(lab.coordinator().is_running());
    lab.device(3).signal(SIGTERM);
    CHECK(lab.device(3).wait() == 1);
    CHECK(lab.device(3).says("left a radio that hangs"));
}

}  // namespace
}  // namespace aircomp::test
