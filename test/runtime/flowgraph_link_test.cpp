// SPDX-License-Identifier: GPL-3.0-or-later
// The socket between a radio and its flowgraph: what goes through, and what is refused.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "round/flowgraph/flowgraph_link.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using Catch::Matchers::Contains;
using std::chrono::milliseconds;

constexpr auto patience = milliseconds(20000);

/// Both ends of a link; `flowgraph` is a plain socket.
struct Ends {
    Ends() : link(folder.path() / "device-1", "radio 'device-1'"), flowgraph(connected()) {
        REQUIRE(link.accept(patience));
    }

    Descriptor connected() const {
        Descriptor end(socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (folder.path() / "device-1").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
        REQUIRE(connect(end.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
                0);
        return end;
    }

    void write(std::uint32_t length, const std::string& body) const {
        const std::uint32_t prefix = htonl(length);
        REQUIRE(send(flowgraph.get(), &prefix, sizeof(prefix), 0) == sizeof(prefix));
        REQUIRE(send(flowgraph.get(), body.data(), body.size(), 0) ==
                static_cast<ssize_t>(body.size()));
    }

    const test::TemporaryFolder folder;
    FlowgraphLink link;
    Descriptor flowgraph;
};

TEST_CASE("messages of a flowgraph come through whole, in order") {
    Ends ends;
    CHECK_FALSE(ends.link.receive(milliseconds(0)));
    for (const long value : {3L, 4L}) {
        const std::string body =
            pmt::serialize_str(pmt::cons(pmt::mp("answers"), pmt::from_long(value)));
        ends.write(static_cast<std::uint32_t>(body.size()), body);
    }
    for (const long value : {3L, 4L}) {
        const auto message = ends.link.receive(patience);
        REQUIRE(message);
        CHECK(message->port == "answers");
        CHECK(pmt::to_long(message->value) == value);
    }
}

TEST_CASE("a flowgraph gets vectors of any length") {
    Ends ends;
    const std::vector<float> vector(5000, 0.25F);
    ends.link.send("rounds", pmt::init_f32vector(vector.size(), vector));
    std::uint32_t length = 0;
    REQUIRE(recv(ends.flowgraph.get(), &length, sizeof(length), MSG_WAITALL) == sizeof(length));
    std::string body(ntohl(length), '\0');
    REQUIRE(recv(ends.flowgraph.get(), body.data(), body.size(), MSG_WAITALL) ==
            static_cast<ssize_t>(body.size()));
    const pmt::pmt_t pair = pmt::deserialize_str(body);
    CHECK(pmt::symbol_to_string(pmt::car(pair)) == "rounds");
    CHECK(pmt::f32vector_elements(pmt::cdr(pair)) == vector);
}

TEST_CASE("what is no message of a flowgraph is refused by name") {
    Ends ends;
    SECTION("bytes") {
        ends.write(5, "hello");
        CHECK_THROWS_WITH(ends.link.receive(patience),
                          Contains("radio 'device-1': its flowgraph sent what is no message"));
    }
    SECTION("a message that is no pair") {
        const std::string body = pmt::serialize_str(pmt::from_long(1));
        ends.write(static_cast<std::uint32_t>(body.size()), body);
        CHECK_THROWS_WITH(ends.link.receive(patience), Contains("no message"));
    }
    SECTION("more bytes than any message has") {
        ends.write(0xffffffffU, "");
        CHECK_THROWS_WITH(ends.link.receive(patience), Contains("4294967295 bytes, at most"));
    }
    SECTION("the end") {
        ends.flowgraph = Descriptor();
        CHECK_THROWS_WITH(ends.link.receive(patience), "radio 'device-1': its flowgraph has ended");
    }
}

TEST_CASE("a socket whose path is too long for one is refused") {
    CHECK_THROWS_WITH(FlowgraphLink("/tmp/" + std::string(200, 'x'), "radio 'device-1'"),
                      Contains("is too long"));
}

}  // namespace
}  // namespace aircomp::runtime
