// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual radios in an air with an event clock, as programs of UHD meet them: nobody is late, however
// slow they are, and the results are the same, bit by bit.
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "air_messages.hpp"
#include "air_server.hpp"
#include "laboratory.hpp"
#include "local_air.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using gr::aircomp::virtual_radio::AirServer;
using gr::aircomp::virtual_radio::LocalAir;
using gr::aircomp::virtual_radio::LocalSocket;
using gr::aircomp::virtual_radio::Request;
using std::chrono::milliseconds;
using uhd::usrp::multi_usrp;

/// An air of boards a, b and c with an event clock, that programs join.
class EventAir {
public:
    explicit EventAir(const std::string& more = "") {
        const auto file = folder_.write("air.yaml", R"(
clock: event
seed: 3
noise_power: 0.01
boards: [{name: a, linewidth_hz: 10}, {name: b, carrier_offset_hz: 100}, {name: c}]
link: {fading: rayleigh, paths: 2}
)" + more);
        air_ = std::make_shared<LocalAir>(gr::aircomp::virtual_radio::read_air(file.string()));
        server_.emplace(air_, socket());
    }

    std::string socket() const { return (folder_.path() / "air").string(); }

    LocalAir& air() { return *air_; }

    /// A board whose time is 0 and stands.
    multi_usrp::sptr open(const std::string& name) const {
        auto device = multi_usrp::make("type=aircomp,name=" + name + ",air=" + socket());
        device->set_tx_rate(1e6);
        device->set_rx_rate(1e6);
        device->set_time_now(uhd::time_spec_t(0.0));
        return device;
    }

private:
    TemporaryFolder folder_;
    std::shared_ptr<LocalAir> air_;
    std::optional<AirServer> server_;
};

/// Sends `bursts` bursts, one every 10 ms, each computed for so long.
void send_bursts(multi_usrp& device, int bursts, milliseconds computing) {
    const auto streamer = device.get_tx_stream(uhd::stream_args_t("fc32"));
    for (int i = 0; i < bursts; ++i) {
        std::this_thread::sleep_for(computing);
        const Samples samples = gaussian(2000, static_cast<std::uint64_t>(i));
        uhd::tx_metadata_t metadata;
        metadata.has_time_spec = metadata.start_of_burst = metadata.end_of_burst = true;
        metadata.time_spec = uhd::time_spec_t(0.01 * (i + 1));
        CHECK(streamer->send(samples.data(), samples.size(), metadata, 1) == samples.size());
        uhd::async_metadata_t event;
        CHECK(streamer->recv_async_msg(event, 1));
        CHECK(event.event_code == uhd::async_metadata_t::EVENT_CODE_BURST_ACK);
    }
}

/// Receives a window around each of them.
Samples receive_windows(multi_usrp& device, int windows, milliseconds computing) {
    const auto streamer = device.get_rx_stream(uhd::stream_args_t("fc32"));
    Samples all;
    for (int i = 0; i < windows; ++i) {
        std::this_thread::sleep_for(computing);
        uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
        command.num_samps = 3000;
        command.stream_now = false;
        command.time_spec = uhd::time_spec_t(0.01 * (i + 1)) - uhd::time_spec_t(0.0005);
        streamer->issue_stream_cmd(command);
        Samples samples(3000);
        uhd::rx_metadata_t metadata;
        CHECK(streamer->recv(samples.data(), samples.size(), metadata, 1) == samples.size());
        CHECK(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_NONE);
        all.insert(all.end(), samples.begin(), samples.end());
    }
    return all;
}

TEST_CASE("on an event clock two programs are never late, and the slower changes no bit") {
    const auto run = [](milliseconds sender_computes, milliseconds receiver_computes) {
        const EventAir air;
        auto a = air.open("a");
        auto b = air.open("b");
        auto sending = std::async(std::launch::async, [&a, sender_computes] {
            send_bursts(*a, 5, sender_computes);
            a.reset();  // As a program that ends: the clock waits for it no more.
        });
        Samples received = receive_windows(*b, 5, receiver_computes);
        b.reset();
        sending.get();
        return received;
    };
    // Each pause is longer than the bursts are apart.
    const Samples first = run(milliseconds(0), milliseconds(0));
    CHECK(run(milliseconds(40), milliseconds(0)) == first);
    CHECK(run(milliseconds(0), milliseconds(40)) == first);
    double power = 0;
    for (std::size_t n = 0; n < 1500; ++n)
        power += static_cast<double>(std::norm(first[800 + n])) / 1500;
    CHECK(power > 0.05);
}

TEST_CASE("on an event clock radio time does not wait for the wall's") {
    const EventAir air;
    const auto device = air.open("a");
    const auto began = std::chrono::steady_clock::now();
    while (device->get_time_now() < uhd::time_spec_t(2.0)) {
    }
    const auto pulse = device->get_time_last_pps();
    while (device->get_time_last_pps() == pulse) {
    }
    CHECK((device->get_time_last_pps() - pulse).get_real_secs() == Approx(1));
    // An hour until a window begins.
    uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
    command.num_samps = 100;
    command.stream_now = false;
    command.time_spec = device->get_time_now() + uhd::time_spec_t(3600.0);
    const auto streamer = device->get_rx_stream(uhd::stream_args_t("fc32"));
    streamer->issue_stream_cmd(command);
    Samples samples(100);
    uhd::rx_metadata_t metadata;
    CHECK(streamer->recv(samples.data(), 100, metadata, 4000) == 100);
    CHECK(metadata.time_spec == command.time_spec);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::minutes(10));
}

/// The connection of a program that has board `a` and holds the clock.
LocalSocket hold_clock(const EventAir& air) {
    using namespace gr::aircomp::virtual_radio;
    LocalSocket holder = LocalSocket::connect(air.socket());
    Bytes answer;
    REQUIRE(holder.receive(answer));
    for (const Bytes& request :
         {encode_boards(Request::claim, {0}), encode_request(Request::hold)}) {
        holder.send(request);
        REQUIRE(holder.receive(answer));
    }
    CHECK(decode_time(answer) == 0);
    return holder;
}

TEST_CASE("a program that dies lets an event clock go") {
    const EventAir air("patience_s: 3600\n");
    std::optional<LocalSocket> holder = hold_clock(air);
    const auto b = air.open("b");
    auto heard =
        std::async(std::launch::async, [&b] { return receive_windows(*b, 1, milliseconds(0)); });
    holder.reset();
    CHECK(heard.get().size() == 3000);
}

TEST_CASE("a program that is silent for too long lets an event clock go") {
    const EventAir air("patience_s: 0.1\n");
    const LocalSocket holder = hold_clock(air);
    const auto b = air.open("b");
    CHECK(receive_windows(*b, 1, milliseconds(0)).size() == 3000);
}

TEST_CASE("a program that knows of an event clock rests, and calls others") {
    EventAir air;
    const auto b = air.open("b");
    auto& tree = *b->get_tree();
    const auto called = air.air().take({0}, 0), waiting = air.air().take({2}, 0);
    bool has_come = false;
    waiting.member->wait(1000, [&has_come](auto) { has_come = true; });
    CHECK_FALSE(has_come);
    tree.access<std::string>("/air/call").set("type=aircomp,name=a");
    tree.access<bool>("/air/rest").set(true);
    CHECK_FALSE(has_come);
    called.member->rest();
    CHECK(has_come);
    CHECK(air.air().now() == 1000);
    CHECK_THROWS_WITH(tree.access<std::string>("/air/call").set("name=d"),
                      Catch::Contains("name: expected one of a, b, c, found 'd'"));
}

}  // namespace
}  // namespace aircomp::test
