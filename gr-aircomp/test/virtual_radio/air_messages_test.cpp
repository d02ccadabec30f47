// SPDX-License-Identifier: GPL-3.0-or-later
// Messages between processes and the server of an air: whole, cut off and mutilated.
#include "air_messages.hpp"

#include <filesystem>
#include <random>

#include "air_server.hpp"
#include "local_air.hpp"
#include "remote_air.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

Transmission transmission() {
    Transmission t;
    t.board = 1;
    t.start = 1000;
    t.period = 200;
    t.clock_ahead = -77;
    t.tuning = {2e9, 3};
    t.samples = {{1, 2}, {3, 4}};
    return t;
}

TEST_CASE("messages come out as they went in") {
    const AirConfig air = ideal_air(2, 1);
    const auto t = decode_transmit(encode_transmit({transmission()}), air);
    REQUIRE(t.size() == 1);
    CHECK(t[0].board == 1);
    CHECK(t[0].start == 1000);
    CHECK(t[0].clock_ahead == -77);
    CHECK(t[0].tuning.frequency_hz == 2e9);
    CHECK(t[0].samples == transmission().samples);
    const Window window{1, 5, 200, 9, 3, {0}, {{1e9, 2}}};
    const Window w = decode_receive(encode_receive(window), air);
    CHECK(w.board == 1);
    CHECK(w.count == 3);
    CHECK(w.tunings[0].gain_db == 2);
    CHECK(decode_samples(encode_samples(t[0].samples), 2) == t[0].samples);
    CHECK_THROWS_WITH(decode_samples(encode_error("no"), 2), "server of the air: no");
    CHECK(decode_wait(encode_wait(1234)) == 1234);
    CHECK(decode_time(encode_time(-5)) == -5);
    CHECK(decode_request(encode_request(Request::rest)) == Request::rest);
    CHECK(decode_boards(encode_boards(Request::call, {1, 0}), air) ==
          std::vector<std::size_t>{1, 0});
}

TEST_CASE("a message that was cut off or changed is refused or harmless") {
    const AirConfig air = ideal_air(2, 1);
    const Bytes whole = encode_transmit({transmission()});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK_THROWS_AS(decode_transmit(cut, air), std::runtime_error);
    }
    std::mt19937 random(1);
    int refused = 0;
    for (int i = 0; i < 20000; ++i) {
        Bytes changed = whole;
        for (int k = 0; k < 3; ++k)
            changed[random() % changed.size()] = static_cast<char>(random());
        try {
            for (const Transmission& t : decode_transmit(changed, air)) {
                REQUIRE(t.board < 2);
                REQUIRE(t.antenna < 1);
                REQUIRE(t.period >= 1);
            }
        } catch (const std::runtime_error&) {
            ++refused;
        }
    }
    CHECK(refused > 1000);
}

TEST_CASE("a server takes the place of no file but a socket that nobody listens at") {
    const ::aircomp::test::TemporaryFolder folder;
    const std::string file = folder.write("recording.dat", "an hour of samples").string();
    CHECK_THROWS_WITH(AirServer(std::make_shared<LocalAir>(ideal_air(1, 1)), file),
                      Catch::Contains("recording.dat: is there and is no socket"));
    CHECK(std::filesystem::is_regular_file(file));
    const std::string path = (folder.path() / "air").string();
    {
        // As of a server that was killed: the socket stays.
        const LocalSocket left = LocalSocket::listen(path);
    }
    CHECK_NOTHROW(AirServer(std::make_shared<LocalAir>(ideal_air(1, 1)), path));
}

TEST_CASE("boards of a claim are those of the air, and free when its connection ends") {
    const ::aircomp::test::TemporaryFolder folder;
    const std::string path = (folder.path() / "air").string();
    const AirServer server(std::make_shared<LocalAir>(ideal_air(2, 1)), path);
    CHECK_THROWS(decode_boards(encode_boards(Request::claim, {2}), ideal_air(2, 1)));
    RemoteAir first(path), second(path);
    auto claimed = first.claim({0, 1}, 0);
    CHECK_THROWS_WITH(second.claim({1}, 0), Catch::Contains("'board1': is open in process"));
    claimed.reset();
    CHECK(second.claim({1}, 0));
}

TEST_CASE("a server outlives those who send nonsense, and refuses windows of the future") {
    const ::aircomp::test::TemporaryFolder folder;
    const std::string path = (folder.path() / "air").string();
    const AirServer server(std::make_shared<LocalAir>(ideal_air(2, 1)), path);
    CHECK_THROWS_WITH(AirServer(std::make_shared<LocalAir>(ideal_air(1, 1)), path),
                      Catch::Contains("somebody listens there already"));
    // Nor has a clock that is scaled members, or a connection without boards.
    for (const Bytes& nonsense :
         {Bytes{}, Bytes(100, 'x'), Bytes(8, '\0'), encode_request(Request::hold)}) {
        const LocalSocket socket = LocalSocket::connect(path);
        Bytes answer;
        REQUIRE(socket.receive(answer));
        socket.send(nonsense);
        CHECK_FALSE(socket.receive(answer));
    }
    RemoteAir air(path);
    CHECK(air.config().boards[1].name == "board1");
    Transmission late = transmission();
    late.start = 0;
    CHECK_FALSE(air.transmit({late}));
    const Window future{0, air.clock().now() + (Ticks{1} << 40), 200, 0, 10, {0}, {{}}};
    CHECK_THROWS_WITH(air.receive(future), Catch::Contains("expected one that is over"));
    const Window past{0, 1000, 200, 0, 10, {0}, {{}}};
    while (air.clock().now() < air.ready(1000 + 10 * 200, 200)) {
    }
    CHECK(air.receive(past) == std::vector<Sample>(10));
}

}  // namespace
}  // namespace gr::aircomp::virtual_radio
