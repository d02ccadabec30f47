// SPDX-License-Identifier: GPL-3.0-or-later
// Both state machines as values: the whole way through, and what may not come when.
#include <vector>

#include "daemon/link/codec.hpp"
#include "daemon/link/coordinator_state.hpp"
#include "daemon/link/device_state.hpp"
#include "daemon/link/probation.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime::control {
namespace {

constexpr std::int64_t hidden = 4, sites = 4;
const std::vector<float> x(4, 1.0F), two(8, 1.0F), much(12, 1.0F);

Assignment slice(std::uint32_t epoch) {
    return {epoch, 0, 2, 0, 1, 0, 10, 32, 2};
}

DeviceMachine ready_device() {
    DeviceMachine machine(hidden, sites);
    machine.receive(Welcome{0.5});
    machine.receive(slice(1));
    machine.loaded(1);
    return machine;
}

TEST_CASE("a device goes from hello through rounds to the end") {
    DeviceMachine machine(hidden, sites);
    CHECK(machine.state() == DeviceState::greeting);
    CHECK(machine.receive(Welcome{0.5}));
    CHECK(machine.state() == DeviceState::lobby);
    CHECK(machine.receive(slice(1)));
    CHECK(machine.state() == DeviceState::loading);
    CHECK(machine.loaded(1));
    CHECK(machine.receive(RoundStart{1, 10, 3, 1, false, x}));
    CHECK(machine.state() == DeviceState::computing);
    for (std::int64_t site = 0; site < sites; ++site) {
        CHECK(machine.site() == site);
        CHECK(machine.round() == 10 + static_cast<std::uint64_t>(site));
        CHECK(machine.answered(1, machine.round()));
        CHECK(machine.state() == DeviceState::waiting);
        if (site + 1 < sites) CHECK(machine.receive(Sum{1, machine.round(), x}));
    }
    CHECK_THROWS_AS(machine.receive(Sum{1, 13, x}), ProtocolError);  // Nothing follows it.
    CHECK(machine.receive(RoundStart{1, 14, 4, 2, true, two}));
    CHECK(machine.vectors() == 2);
    CHECK(machine.receive(Shutdown{"over"}));
    CHECK(machine.state() == DeviceState::ended);
    CHECK_THROWS_AS(machine.receive(Heartbeat{1}), ProtocolError);
}

TEST_CASE("a device refuses rounds that do not fit its slice or its model") {
    CHECK_THROWS_AS(ready_device().receive(RoundStart{2, 1, 0, 1, false, x}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(RoundStart{1, 1, 32, 1, false, x}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(RoundStart{1, 1, 31, 2, false, two}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(RoundStart{1, 1, 0, 3, false, much}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(RoundStart{1, 1, 0, 1, false, two}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(RoundStart{1, 1, 0, 1, false, x, Way::link, 1}),
                    ProtocolError);
    auto machine = ready_device();
    machine.receive(RoundStart{1, 1, 0, 1, false, x});
    CHECK_THROWS_AS(machine.receive(Sum{1, 1, x}), ProtocolError);  // Not answered yet.
    machine.answered(1, 1);
    CHECK_THROWS_AS(machine.receive(Sum{1, 2, x}), ProtocolError);
    CHECK_THROWS_AS(machine.receive(Sum{1, 1, two}), ProtocolError);
    CHECK_THROWS_AS(machine.receive(RoundStart{1, 1, 0, 1, false, x}), ProtocolError);
}

TEST_CASE("a new assignment ends what was under way, and old answers with it") {
    auto machine = ready_device();
    machine.receive(RoundStart{1, 1, 0, 1, false, x});
    CHECK(machine.receive(slice(2)));
    CHECK_FALSE(machine.answered(1, 1));
    CHECK_FALSE(machine.loaded(1));
    CHECK(machine.loaded(2));
    CHECK_THROWS_AS(machine.receive(slice(2)), ProtocolError);
}

TEST_CASE("a lost round is answered again, one that is computed still is not asked twice") {
    auto machine = ready_device();
    machine.receive(RoundStart{1, 5, 0, 1, false, x});
    CHECK_FALSE(machine.receive(Repeat{1, 5}));
    machine.answered(1, 5);
    CHECK(machine.receive(Repeat{1, 5}));
    CHECK(machine.answered(1, 5));
    CHECK_THROWS_AS(machine.receive(Repeat{1, 4}), ProtocolError);
}

TEST_CASE("nothing but an answer comes before a welcome, and no device's words ever") {
    DeviceMachine machine(hidden, sites);
    CHECK_THROWS_AS(machine.receive(Heartbeat{1}), ProtocolError);
    CHECK_THROWS_AS(machine.receive(slice(1)), ProtocolError);
    CHECK_THROWS_AS(machine.receive(Shutdown{""}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(Partial{1, 1, 0, x}), ProtocolError);
    CHECK_THROWS_AS(ready_device().receive(Hello{}), ProtocolError);
    CHECK(machine.receive(Rejection{"no", false}));
    CHECK(machine.state() == DeviceState::ended);
}

PeerMachine ready_peer() {
    PeerMachine peer;
    peer.receive(Hello{});
    peer.admit();
    peer.assign(1, 8);
    peer.receive(Loaded{1, 100});
    return peer;
}

TEST_CASE("the coordinator's side follows a device from hello to its partials") {
    PeerMachine peer;
    CHECK(peer.state() == PeerState::greeting);
    CHECK(peer.receive(Hello{}));
    CHECK_THROWS_AS(peer.receive(Hello{}), ProtocolError);
    peer.admit();
    CHECK(peer.state() == PeerState::lobby);
    CHECK_THROWS_AS(peer.receive(Loaded{1, 100}), ProtocolError);
    peer.assign(1, 8);
    CHECK(peer.receive(Loaded{1, 100}));
    peer.start_round(7, 4);
    CHECK(peer.state() == PeerState::computing);
    CHECK(peer.receive(Partial{1, 7, 0.1, x}));
    CHECK(peer.state() == PeerState::ready);
    CHECK_FALSE(peer.receive(Partial{1, 7, 0.1, x}));  // Once is enough.
}

TEST_CASE("a device asks for the calibration that it was told of, before its first slice") {
    const std::vector<std::byte> bytes(60);
    Calibration calibration;
    calibration.bytes = 100;
    DeviceMachine machine(hidden, sites);
    CHECK_THROWS_AS(machine.receive(calibration), ProtocolError);
    machine.receive(Welcome{0.5});
    CHECK_THROWS_AS(machine.receive(CalibrationPiece{0, bytes}), ProtocolError);
    CHECK(machine.receive(calibration));
    CHECK_THROWS_AS(machine.receive(calibration), ProtocolError);  // Once is enough.
    CHECK_THROWS_AS(machine.receive(CalibrationPiece{0, bytes}), ProtocolError);
    machine.asked(0);
    CHECK(machine.receive(CalibrationPiece{0, bytes}));
    CHECK_THROWS_AS(machine.receive(CalibrationPiece{0, bytes}), ProtocolError);
    machine.asked(60);
    CHECK_THROWS_AS(machine.receive(CalibrationPiece{60, bytes}), ProtocolError);  // Too much.
    CHECK(machine.receive(slice(1)));
    CHECK_THROWS_AS(machine.receive(calibration), ProtocolError);
    CHECK_THROWS_AS(machine.receive(CalibrationReport{}), ProtocolError);
}

TEST_CASE("a device gets no slice until it says that it holds the calibration") {
    PeerMachine peer;
    peer.receive(Hello{});
    CHECK_FALSE(peer.is_prepared());
    peer.admit();
    CHECK(peer.is_prepared());
    CHECK_THROWS_AS(peer.receive(CalibrationRequest{0}), ProtocolError);
    CHECK_THROWS_AS(peer.receive(CalibrationReport{}), ProtocolError);
    peer.announce(100);
    CHECK_FALSE(peer.is_prepared());
    CHECK_THROWS_AS(peer.assign(1, 8), std::logic_error);
    CHECK(peer.receive(CalibrationRequest{99}));
    CHECK_THROWS_AS(peer.receive(CalibrationRequest{100}), ProtocolError);
    CHECK(peer.receive(CalibrationReport{"no room"}));
    CHECK_FALSE(peer.is_prepared());
    CHECK(peer.receive(CalibrationReport{}));
    CHECK(peer.is_prepared());
    CHECK_THROWS_AS(peer.receive(CalibrationRequest{0}), ProtocolError);
    peer.assign(1, 8);
    peer.receive(Loaded{1, 100});
    peer.start_round(7, 8, 2);
    CHECK_THROWS_AS(peer.receive(Partial{1, 7, 0, two, x}), ProtocolError);  // Four powers.
    CHECK(peer.receive(Partial{1, 7, 0, two, gsl::span<const float>(x).first(2)}));
}

TEST_CASE("the coordinator refuses partials that nobody asked for, and drops late ones") {
    CHECK_THROWS_AS(ready_peer().receive(Partial{1, 1, 0, x}), ProtocolError);
    CHECK_THROWS_AS(ready_peer().receive(Partial{2, 1, 0, x}), ProtocolError);
    auto peer = ready_peer();
    peer.start_round(7, 4);
    CHECK_THROWS_AS(peer.receive(Partial{1, 7, 0, two}), ProtocolError);
    peer.assign(2, 8);
    CHECK_FALSE(peer.receive(Partial{1, 7, 0, x}));
    CHECK_FALSE(peer.receive(Loaded{1, 1}));
    CHECK(peer.receive(Loaded{2, 1}));
    for (const Message& message : {Message(Welcome{0.5}), Message(slice(3)), Message(Sum{2, 7, x}),
                                   Message(Shutdown{""}), Message(Order{})}) {
        CHECK_THROWS_AS(peer.receive(message), ProtocolError);
    }
}

TEST_CASE("a partial that waits for orders answers its round as well as one that comes") {
    auto peer = ready_peer();
    peer.start_round(7, 8, 2);
    const std::vector<float> powers = {1, 2};
    CHECK_THROWS_AS(peer.receive(Computed{1, 8, 0, powers}), ProtocolError);
    CHECK_THROWS_AS(peer.receive(Computed{1, 7, 0, x}), ProtocolError);
    CHECK(peer.receive(Computed{1, 7, 0, powers}));
    CHECK(peer.state() == PeerState::ready);
    CHECK_FALSE(peer.receive(Computed{1, 7, 0, powers}));
}

TEST_CASE("a device is ordered onto the air in its own epoch, for partials that it has") {
    auto machine = ready_device();
    machine.receive(RoundStart{1, 5, 0, 1, false, x, Way::air});
    CHECK(machine.way() == Way::air);
    CHECK(machine.answered(1, 5));
    CHECK(machine.receive(Order{1, 1, true, true, {1}, 2, 9, 0, 1}));
    CHECK(machine.receive(Order{1, 2, false, false, {3}, 4, 5, 0, 1}));
    CHECK_THROWS_AS(machine.receive(Order{1, 3, false, false, {5}, 6, 6, 0, 1}), ProtocolError);
    CHECK_FALSE(machine.receive(Order{0, 3, true, false, {5}, 6, 0, 0, 1}));
    CHECK_THROWS_AS(machine.receive(Computed{}), ProtocolError);
}

TEST_CASE("the coordinator cannot skip a step itself") {
    PeerMachine peer;
    CHECK_THROWS_AS(peer.assign(1, 8), std::logic_error);
    CHECK_THROWS_AS(peer.start_round(1, 4), std::logic_error);
    peer.admit();
    CHECK_THROWS_AS(peer.admit(), std::logic_error);
    peer.assign(2, 8);
    CHECK_THROWS_AS(peer.assign(2, 8), std::logic_error);
    CHECK_THROWS_AS(peer.start_round(1, 4), std::logic_error);
}

TEST_CASE("a device that is lost again and again stays away for longer and longer") {
    Probation probation(30);
    CHECK(probation.pause_s(0) == 0);
    double now_s = 100;
    probation.lost(now_s);
    CHECK(probation.pause_s(now_s) == 0);  // Anybody may break once.
    for (const double pause_s : {1, 2, 4, 8, 16, 30, 30}) {
        probation.worked(now_s);
        now_s += 50;
        probation.worked(now_s);
        probation.lost(now_s);
        CHECK(probation.pause_s(now_s) == pause_s);
        CHECK(probation.pause_s(now_s + pause_s / 2) == pause_s / 2);
        CHECK(probation.pause_s(now_s + pause_s) == 0);
        now_s += pause_s;
    }
    CHECK(probation.losses() == 8);
}

TEST_CASE("losses are forgotten after a time of work, not of waiting") {
    Probation probation(30);
    for (const double now_s : {0, 10, 20})
        probation.lost(now_s);
    probation.worked(1000);
    CHECK(probation.losses() == 3);
    probation.worked(1000 + Probation::forgiving_s - 1);
    CHECK(probation.losses() == 3);
    probation.worked(1000 + Probation::forgiving_s);
    CHECK(probation.losses() == 0);
    probation.lost(1100);
    CHECK(probation.pause_s(1100) == 0);
    probation.lost(1101);
    CHECK(probation.pause_s(1101) == Probation::first_pause_s);
}

TEST_CASE("no pause is longer than the longest, whatever the first is") {
    Probation probation(0.25);
    probation.lost(0);
    probation.lost(0);
    CHECK(probation.pause_s(0) == 0.25);
}

TEST_CASE("how much may come is bound by state and by what was agreed") {
    PeerMachine peer;
    CHECK(peer.most_frame_bytes() == most_hello_bytes);
    peer.admit();
    CHECK(peer.most_frame_bytes() == most_plain_bytes);
    peer.assign(1, 1000000);
    CHECK(peer.most_frame_bytes() == frame_bytes(1000000));
    DeviceMachine machine(1000000, sites);
    CHECK(machine.most_frame_bytes() == most_plain_bytes);
    machine.receive(Welcome{0.5});
    machine.receive(slice(1));
    CHECK(machine.most_frame_bytes() == frame_bytes(2000000));
}

}  // namespace
}  // namespace aircomp::runtime::control
