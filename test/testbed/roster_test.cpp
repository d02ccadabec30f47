// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's roster by a clock that a test moves: who is lost when, and who has to wait.
#include "daemon/coordinator/roster.hpp"

#include <fstream>
#include <memory>

#include "files/sha256.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/given_time.hpp"

namespace aircomp::test {
namespace {

using namespace runtime;
using control::Heartbeat;
using control::Rejection;
using control::Welcome;

constexpr double heartbeat_s = 2;
constexpr double hello_timeout_s = 5;

Config roster_config() {
    Config config = default_config(2);
    config.testbed.heartbeat_s = heartbeat_s;
    config.testbed.hello_timeout_s = hello_timeout_s;
    return config;
}

/// A roster of two devices, of which the first is in the test's hands.
struct RosterTest {
    explicit RosterTest(testbed::CalibrationOffer* its = nullptr) : offer(its) {}

    LinkEnd& connect() {
        const auto address = control::parse_address(roster.address(), "the roster");
        device = std::make_unique<LinkEnd>(control::connect(time.loop(), address, nullptr));
        REQUIRE(time.comes([&] { return device->is_open(); }));
        return *device;
    }

    void say_hello() { device->send(hello_of(config.devices[0].name)); }

    void await_welcome() {
        REQUIRE(time.comes([&] { return device->heard<Welcome>().size() == 1; }));
    }

    LinkEnd& join() {
        connect();
        say_hello();
        await_welcome();
        return *device;
    }

    bool is_present() const { return !roster.present().empty(); }

    GivenTime time;
    Config config = roster_config();
    testbed::Log log{{testbed::LogFormat::text, testbed::LogLevel::error}};
    testbed::CalibrationOffer* offer;  ///< Null: none is needed.
    std::vector<std::string> losses;   ///< Why.
    testbed::Roster roster{
        time.loop(),
        config,
        {},
        std::nullopt,
        offer,
        nullptr,
        log,
        {[](std::size_t, const control::Message&) {},
         [this](std::size_t, const std::string& why) { losses.push_back(why); }}};
    std::unique_ptr<LinkEnd> device;
};

TEST_CASE("a device that is silent for longer than the heartbeat is dropped") {
    RosterTest test;
    test.join();
    test.time.pass(heartbeat_s - 0.1);
    CHECK(test.roster.present() == std::vector<std::size_t>{0});
    CHECK(test.roster.silence_s(0) == Approx(heartbeat_s - 0.1).margin(0.01));
    test.time.pass(0.2);
    CHECK_FALSE(test.is_present());
    REQUIRE(test.losses.size() == 1);
    CHECK_THAT(test.losses[0], Catch::Contains("silent for 2.0"));
    CHECK(test.time.comes([&] { return test.device->is_closed(); }));
}

TEST_CASE("a device that answers heartbeats stays") {
    RosterTest test;
    LinkEnd& device = test.join();
    for (std::size_t beat = 1; beat <= 16; ++beat) {
        test.time.pass(heartbeat_s / 4);
        REQUIRE(test.time.comes([&] { return device.heard<Heartbeat>().size() == beat; }));
        device.send(device.heard<Heartbeat>().back());
        REQUIRE(test.time.comes([&] { return test.roster.silence_s(0) == 0; }));
    }
    CHECK(test.is_present());
    CHECK(test.losses.empty());
}

TEST_CASE("whatever a device says ends its silence") {
    RosterTest test;
    LinkEnd& device = test.join();
    test.time.pass(heartbeat_s - 0.1);
    device.send(control::Telemetry{});
    REQUIRE(test.time.comes([&] { return test.roster.silence_s(0) == 0; }));
    test.time.pass(heartbeat_s - 0.1);
    CHECK(test.is_present());
    test.time.pass(0.2);
    CHECK_FALSE(test.is_present());
}

TEST_CASE("a heartbeat's round trip is the time until the device answers it") {
    RosterTest test;
    LinkEnd& device = test.join();
    test.time.pass(heartbeat_s / 4);
    REQUIRE(test.time.comes([&] { return device.heard<Heartbeat>().size() == 1; }));
    test.time.pass(0.25);
    device.send(device.heard<Heartbeat>().back());
    REQUIRE(test.time.comes([&] { return test.roster.silence_s(0) == 0; }));
    CHECK(test.roster.record(0).round_trip_s == 0.25);
}

TEST_CASE("a roster that was not looking does not take silence for loss") {
    RosterTest test;
    test.join();
    test.time.leap(10 * heartbeat_s);
    CHECK(test.is_present());
    test.time.pass(heartbeat_s - 0.1);
    CHECK(test.is_present());
    test.time.pass(0.2);
    CHECK_FALSE(test.is_present());
}

TEST_CASE("who does not say hello in time is hung up on") {
    RosterTest test;
    test.connect();
    REQUIRE(test.time.comes_with_time([&] { return test.roster.refusals() == 1; }));
    CHECK(test.time.now_s() > hello_timeout_s);
    CHECK(test.time.comes([&] { return test.device->is_closed(); }));
    CHECK(test.losses.empty());
}

TEST_CASE("who says hello just in time is not hung up on") {
    RosterTest test;
    test.connect();
    test.time.pass(hello_timeout_s - 0.1);
    test.say_hello();
    test.await_welcome();
    test.time.pass(0.2);
    CHECK(test.is_present());
}

TEST_CASE("a device lost once may come back at once, one lost again after a pause that doubles") {
    RosterTest test;
    test.join();
    test.roster.drop(0, "for the first time");
    CHECK(test.roster.pause_s(0) == 0);
    for (const double pause_s : {1, 2, 4}) {
        test.join();
        test.roster.drop(0, "again");
        CHECK(test.roster.pause_s(0) == pause_s);
        test.time.pass(pause_s / 2);
        const LinkEnd& device = test.connect();
        test.say_hello();
        REQUIRE(test.time.comes([&] { return device.heard<Rejection>().size() == 1; }));
        CHECK(device.heard<Rejection>()[0].retry);
        CHECK(device.heard<Rejection>()[0].retry_after_s == pause_s / 2);
        CHECK_FALSE(test.is_present());
        test.time.pass(pause_s / 2);
    }
    test.join();
    CHECK(test.is_present());
    CHECK(test.roster.record(0).losses == 4);
}

struct OfferTest {
    OfferTest() { std::ofstream(file) << std::string(control::most_piece_bytes + 10, 'x'); }

    TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "its.aircomp-calibration";
};

TEST_CASE("a device counts once it holds the calibration, which it gets in pieces") {
    const OfferTest files;
    testbed::CalibrationOffer offer(files.file, {});
    RosterTest test(&offer);
    LinkEnd& device = test.join();
    REQUIRE(test.time.comes([&] { return device.heard<control::Calibration>().size() == 1; }));
    CHECK(device.heard<control::Calibration>()[0].hash == sha256_of_file(files.file));
    CHECK_FALSE(test.is_present());
    std::size_t bytes = 0;
    for (std::size_t pieces = 1; pieces <= 2; ++pieces) {
        device.send(control::CalibrationRequest{bytes});
        REQUIRE(test.time.comes(
            [&] { return device.heard<control::CalibrationPiece>().size() == pieces; }));
        CHECK(device.heard<control::CalibrationPiece>().back().offset == bytes);
        bytes += device.heard<control::CalibrationPiece>().back().bytes.size();
    }
    CHECK(bytes == std::filesystem::file_size(files.file));
    CHECK_FALSE(test.is_present());
    device.send(control::CalibrationReport{});
    CHECK(test.time.comes([&] { return test.is_present(); }));
    CHECK(test.losses.empty());
}

TEST_CASE("a device that cannot have the calibration is taken out, and says why") {
    const OfferTest files;
    testbed::CalibrationOffer offer(files.file, {});
    RosterTest test(&offer);
    test.join().send(control::CalibrationReport{"FILE: expected SHA-256 ab..., received cd..."});
    REQUIRE(test.time.comes([&] { return test.losses.size() == 1; }));
    CHECK(test.losses[0] == "no calibration: FILE: expected SHA-256 ab..., received cd...");
    CHECK(test.time.comes([&] { return test.device->is_closed(); }));
}

}  // namespace
}  // namespace aircomp::test
