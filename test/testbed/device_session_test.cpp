// SPDX-License-Identifier: GPL-3.0-or-later
// The device's side of a link by a clock that a test moves: when a coordinator is given up, and
// what time a round's sum took.
#include "daemon/device/device_session.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/given_time.hpp"

namespace aircomp::test {
namespace {

using namespace runtime;
using control::Heartbeat;
using control::Telemetry;

constexpr double heartbeat_s = 2;

/// A device with the demo's model whose coordinator is in the test's hands, connected.
struct SessionTest {
    SessionTest() {
        session->start({"127.0.0.1", listener.port()}, nullptr);
        time.loop().every(0.02, [this] { session->watch(); });
        REQUIRE(time.comes(
            [&] { return coordinator && coordinator->heard<control::Hello>().size() == 1; }));
    }

    void admit() {
        coordinator->send(control::Welcome{heartbeat_s});
        REQUIRE(time.comes([&] { return session->was_admitted(); }));
    }

    GivenTime time;
    std::unique_ptr<LinkEnd> coordinator;
    control::Listener listener{
        time.loop(), {"127.0.0.1", 0}, nullptr, [this](control::LinkPointer link) {
            coordinator = std::make_unique<LinkEnd>(std::move(link));
        }};
    inference::Checkpoint checkpoint{AIRCOMP_SOURCE_DIR "/inference/models/demo"};
    TemporaryFolder folder;
    testbed::Log log{{testbed::LogFormat::text, testbed::LogLevel::error}};
    std::shared_ptr<testbed::DeviceSession> session = std::make_shared<testbed::DeviceSession>(
        time.loop(), checkpoint, hello_of("device-1"), /*threads=*/1, inference::Compute(), nullptr,
        folder.path(), log);
};

TEST_CASE("a device gives up a coordinator that is silent") {
    SessionTest test;
    test.admit();
    test.time.pass(heartbeat_s - 0.1);
    CHECK_FALSE(test.session->ended());
    test.time.pass(0.2);
    REQUIRE(test.session->ended());
    CHECK_THAT(test.session->reason(), Catch::Contains("the coordinator was silent for 2.0"));
    CHECK(test.time.comes([&] { return test.coordinator->is_closed(); }));
}

TEST_CASE("a coordinator that has said nothing yet is granted more silence") {
    SessionTest test;
    test.time.pass(testbed::DeviceSession::greeting_timeout_s - 0.1);
    CHECK_FALSE(test.session->ended());
    test.time.pass(0.2);
    REQUIRE(test.session->ended());
    CHECK_FALSE(test.session->was_answered());
}

TEST_CASE("a device stays with a coordinator that sends heartbeats, and answers each") {
    SessionTest test;
    test.admit();
    for (std::uint64_t beat = 1; beat <= 6; ++beat) {
        test.time.pass(heartbeat_s / 2);
        test.coordinator->send(Heartbeat{beat});
        REQUIRE(
            test.time.comes([&] { return test.coordinator->heard<Telemetry>().size() == beat; }));
        CHECK(test.coordinator->heard<Heartbeat>().back().sequence == beat);
    }
    CHECK_FALSE(test.session->ended());
}

TEST_CASE("a device that was not looking does not take silence for the coordinator's end") {
    SessionTest test;
    test.admit();
    test.time.leap(10 * heartbeat_s);
    CHECK_FALSE(test.session->ended());
    test.time.pass(heartbeat_s - 0.1);
    CHECK_FALSE(test.session->ended());
    test.time.pass(0.2);
    CHECK(test.session->ended());
}

TEST_CASE("a device knows for how long the coordinator wants it to stay away") {
    SessionTest test;
    test.coordinator->send(control::Rejection{"lost too often", true, 2.5});
    REQUIRE(test.time.comes([&] { return test.session->ended(); }));
    CHECK(test.session->pause_s() == 2.5);
    CHECK(test.session->was_answered());
    CHECK_FALSE(test.session->is_refused());
}

TEST_CASE("what a device reports as waiting is the time from its partial to the sum") {
    SessionTest test;
    test.admit();
    const auto count = [&](auto kind) { return test.coordinator->heard<decltype(kind)>().size(); };
    const auto model = test.checkpoint.config();
    test.coordinator->send(control::Assignment{1, 0, 1, 0, model.heads, 0, model.ffn_size, 16, 1});
    REQUIRE(test.time.comes([&] { return count(control::Loaded{}) == 1; }));
    const std::vector<float> x(static_cast<std::size_t>(model.hidden_size), 1.0F);
    test.coordinator->send(control::RoundStart{1, 1, 0, 1, false, x});
    REQUIRE(test.time.comes([&] { return count(control::Partial{}) == 1; }));
    test.time.pass(0.25);
    test.coordinator->send(control::Sum{1, 1, x});
    REQUIRE(test.time.comes([&] { return count(control::Partial{}) == 2; }));
    test.coordinator->send(Heartbeat{1});
    REQUIRE(test.time.comes([&] { return count(Telemetry{}) == 1; }));
    CHECK(test.coordinator->heard<Telemetry>()[0].wait_s == 0.25);
    CHECK(test.coordinator->heard<Telemetry>()[0].rounds == 2);
}

}  // namespace
}  // namespace aircomp::test
