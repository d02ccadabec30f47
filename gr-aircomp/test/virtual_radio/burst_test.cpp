// SPDX-License-Identifier: GPL-3.0-or-later
// What virtual radios report about bursts and stream commands, as real boards do.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <uhd/exception.hpp>

#include "air_server.hpp"
#include "laboratory.hpp"
#include "local_air.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using Event = uhd::async_metadata_t;
using uhd::usrp::multi_usrp;

multi_usrp::sptr open(const std::string& arguments) {
    return multi_usrp::make("type=aircomp," + arguments);
}

uhd::tx_streamer::sptr sender(multi_usrp& device, const std::vector<std::size_t>& channels) {
    uhd::stream_args_t args("fc32");
    args.channels = channels;
    return device.get_tx_stream(args);
}

uhd::rx_streamer::sptr receiver(multi_usrp& device) {
    return device.get_rx_stream(uhd::stream_args_t("fc32"));
}

uhd::tx_metadata_t burst_at(uhd::time_spec_t time, bool end = true) {
    uhd::tx_metadata_t metadata;
    metadata.has_time_spec = metadata.start_of_burst = true;
    metadata.end_of_burst = end;
    metadata.time_spec = time;
    return metadata;
}

std::size_t send(uhd::tx_streamer& streamer, std::size_t count, const uhd::tx_metadata_t& metadata,
                 double timeout = 1) {
    const Samples samples(count, 1);
    const std::vector<const void*> buffers(streamer.get_num_channels(), samples.data());
    return streamer.send(buffers, count, metadata, timeout);
}

Event next(uhd::tx_streamer& streamer) {
    Event event;
    REQUIRE(streamer.recv_async_msg(event, 5));
    return event;
}

TEST_CASE("every channel acknowledges a burst once, when it has been sent") {
    const auto device = open("boards=2,channels=2");
    device->set_tx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = sender(*device, {0, 1, 3});
    const uhd::time_spec_t time = 0.2;
    CHECK(send(*streamer, 1000, burst_at(time)) == 1000);
    Event event;
    CHECK_FALSE(streamer->recv_async_msg(event, 0.01));
    std::vector<bool> heard(3);
    for (int i = 0; i < 3; ++i) {
        event = next(*streamer);
        CHECK(event.event_code == Event::EVENT_CODE_BURST_ACK);
        CHECK(event.time_spec == time + uhd::time_spec_t(0.001));
        REQUIRE(event.channel < 3);
        heard[event.channel] = true;
    }
    CHECK(heard == std::vector<bool>(3, true));
    CHECK(device->get_time_now() > time);
    CHECK_FALSE(streamer->recv_async_msg(event, 0.01));
}

TEST_CASE("a late burst is reported and not sent") {
    const auto device = open("boards=1");
    device->set_time_now(uhd::time_spec_t(10.0));
    const auto streamer = sender(*device, {0});
    CHECK(send(*streamer, 1000, burst_at(uhd::time_spec_t(9.0))) == 1000);
    CHECK(next(*streamer).event_code == Event::EVENT_CODE_TIME_ERROR);
    Event event;
    CHECK_FALSE(streamer->recv_async_msg(event, 0.05));
}

TEST_CASE("a burst that starves is reported, and goes on with its next samples") {
    const auto device = open("boards=1");
    device->set_tx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = sender(*device, {0});
    send(*streamer, 1000, burst_at(uhd::time_spec_t(0.1), false));
    const Event starved = next(*streamer);
    CHECK(starved.event_code == Event::EVENT_CODE_UNDERFLOW);
    CHECK(starved.time_spec == uhd::time_spec_t(0.101));
    uhd::tx_metadata_t rest;
    rest.end_of_burst = true;
    send(*streamer, 1000, rest);
    CHECK(next(*streamer).event_code == Event::EVENT_CODE_BURST_ACK);
}

TEST_CASE("a far burst fills the buffer and no more") {
    const auto device = open("boards=1,send_buffer=5000");
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = sender(*device, {0});
    CHECK(send(*streamer, 8000, burst_at(uhd::time_spec_t(1000.0)), 0.05) == 5000);
    uhd::tx_metadata_t rest;
    CHECK(send(*streamer, 100, rest, 0.05) == 0);
}

TEST_CASE("a late stream command, a broken chain and a reader that sleeps are reported") {
    TemporaryFolder folder;
    const auto file = folder.write("air.yaml", "boards: [{name: a}]\nreceive_buffer_s: 0.05\n");
    const auto device = open("config=" + file.string());
    device->set_rx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(10.0));
    const auto streamer = receiver(*device);
    Samples samples(1000);
    uhd::rx_metadata_t metadata;
    const auto receive = [&] {
        streamer->recv(samples.data(), samples.size(), metadata, 1);
        return metadata.error_code;
    };
    uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
    command.num_samps = 1000;
    command.stream_now = false;
    command.time_spec = 9.0;
    streamer->issue_stream_cmd(command);
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_LATE_COMMAND);

    uhd::stream_cmd_t chain(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_MORE);
    chain.num_samps = 1000;
    chain.stream_now = true;
    streamer->issue_stream_cmd(chain);
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_NONE);
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_BROKEN_CHAIN);

    streamer->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_START_CONTINUOUS);
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_NONE);
    const auto before = metadata.time_spec;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_OVERFLOW);
    CHECK(receive() == uhd::rx_metadata_t::ERROR_CODE_NONE);
    CHECK(metadata.time_spec > before + uhd::time_spec_t(0.05));
    streamer->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_STOP_CONTINUOUS);
    while (receive() == uhd::rx_metadata_t::ERROR_CODE_NONE) {
    }
    CHECK(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_TIMEOUT);
}

TEST_CASE("a stop ends what runs and what waits, far ahead or endless") {
    const auto device = open("boards=1");
    device->set_rx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = receiver(*device);
    Samples samples(1000);
    uhd::rx_metadata_t metadata;
    const auto command = [&](std::uint64_t count, double ahead_s) {
        uhd::stream_cmd_t own(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
        own.num_samps = count;
        own.stream_now = false;
        own.time_spec = device->get_time_now() + uhd::time_spec_t(ahead_s);
        streamer->issue_stream_cmd(own);
        return own.time_spec;
    };
    const auto receive = [&](double timeout) {
        return streamer->recv(samples.data(), samples.size(), metadata, timeout);
    };
    const auto stop = [&] {
        streamer->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_STOP_CONTINUOUS);
    };
    command(1000, 1e6);
    CHECK(receive(0.01) == 0);
    stop();
    const auto time = command(1000, 0.1);
    CHECK(receive(5) == 1000);
    // To the tick of 5 ns that is nearest.
    CHECK((metadata.time_spec - time).get_real_secs() == Approx(0).margin(5e-9));
    CHECK(metadata.end_of_burst);
    command(std::uint64_t{1} << 40, 0.05);
    CHECK(receive(5) == 1000);
    stop();
    while (receive(0.01) > 0) {
    }
    CHECK(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_TIMEOUT);
    command(1000, 0.1);
    CHECK(receive(5) == 1000);
}

TEST_CASE("a rate that is set while samples come holds for the next ones") {
    const auto device = open("boards=1");
    device->set_rx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = receiver(*device);
    streamer->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_START_CONTINUOUS);
    Samples samples(1000);
    uhd::rx_metadata_t metadata;
    const auto time_of_next = [&] {
        REQUIRE(streamer->recv(samples.data(), samples.size(), metadata, 5) == 1000);
        return metadata.time_spec;
    };
    const auto first = time_of_next();
    const auto since_first_s = [&] { return (time_of_next() - first).get_real_secs(); };
    CHECK(since_first_s() == Approx(0.001));
    device->set_rx_rate(2e6);
    CHECK(since_first_s() == Approx(0.002));
    CHECK(since_first_s() == Approx(0.0025));
}

TEST_CASE("a board is open once, has one transmit streamer, and its time is not below 0") {
    TemporaryFolder folder;
    const std::string socket = (folder.path() / "air").string();
    const gr::aircomp::virtual_radio::AirServer server(
        std::make_shared<gr::aircomp::virtual_radio::LocalAir>(
            gr::aircomp::virtual_radio::ideal_air(2, 1)),
        socket);
    const std::string holder = "'board0': is open in process " + std::to_string(::getpid());
    auto device = open("name=board0,air=" + socket);
    CHECK_THROWS_WITH(open("boards=all,air=" + socket), Catch::Contains(holder));
    const auto other = open("name=board1,air=" + socket);
    auto streamer = sender(*device, {0});
    CHECK_THROWS_WITH(sender(*device, {0}),
                      Catch::Contains("'board0': has a transmit streamer already"));
    streamer.reset();
    streamer = sender(*device, {0});
    CHECK_THROWS_WITH(device->set_time_now(uhd::time_spec_t(-1.0)),
                      Catch::Contains("board time: expected at least 0 s, found -1"));
    streamer.reset();
    device.reset();
    // Free as soon as it was closed.
    device = open("serial=board0,air=" + socket);

    const auto file = folder.write("air.yaml", "boards: [{name: a}, {name: b}]\n");
    CHECK_THROWS_WITH(open("name0=a,name1=a,config=" + file.string()),
                      Catch::Contains("name: expected every board once, found 'a'"));
    const auto a = open("name=a,config=" + file.string());
    CHECK_THROWS_WITH(open("boards=2,config=" + file.string()),
                      Catch::Contains("'a': is open in process"));
}

TEST_CASE("an air that goes away is a board whose cable was pulled: silence, no exception") {
    TemporaryFolder folder;
    const std::string socket = (folder.path() / "air").string();
    auto server = std::make_unique<gr::aircomp::virtual_radio::AirServer>(
        std::make_shared<gr::aircomp::virtual_radio::LocalAir>(
            gr::aircomp::virtual_radio::ideal_air(1, 1)),
        socket);
    const auto device = open("air=" + socket);
    device->set_rx_rate(1e6);
    const auto listener = receiver(*device);
    const auto streamer = sender(*device, {0});
    listener->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_START_CONTINUOUS);
    Samples samples(1000);
    uhd::rx_metadata_t metadata;
    CHECK(listener->recv(samples.data(), samples.size(), metadata, 5) == 1000);
    server.reset();
    for (int i = 0; i < 3; ++i) {
        CHECK(listener->recv(samples.data(), samples.size(), metadata, 0.01) == 0);
        CHECK(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_TIMEOUT);
        CHECK(send(*streamer, 100, burst_at(device->get_time_now() + uhd::time_spec_t(1.0)),
                   0.01) == 0);
    }
    listener->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_STOP_CONTINUOUS);
}

TEST_CASE("lost packets are sequence errors: a burst ends, a stream goes on after a gap") {
    TemporaryFolder folder;
    const auto file = folder.write("air.yaml", "boards: [{name: a, packet_loss: 0.2}]\n");
    const auto device = open("config=" + file.string());
    device->set_tx_rate(1e6);
    device->set_rx_rate(1e6);
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto streamer = sender(*device, {0});
    int lost = 0;
    for (int burst = 0; burst < 10; ++burst) {
        // Two packets: both arrive in 64% of the bursts.
        send(*streamer, 3000, burst_at(device->get_time_now() + uhd::time_spec_t(0.2)));
        const Event event = next(*streamer);
        lost += event.event_code == Event::EVENT_CODE_SEQ_ERROR_IN_BURST ? 1 : 0;
        CHECK((event.event_code == Event::EVENT_CODE_BURST_ACK ||
               event.event_code == Event::EVENT_CODE_SEQ_ERROR_IN_BURST));
    }
    CHECK(lost > 0);
    CHECK(lost < 10);

    const auto listener = receiver(*device);
    uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
    constexpr std::size_t packets = 50, packet = 2000;
    command.num_samps = packets * packet;
    listener->issue_stream_cmd(command);
    Samples samples(packets * packet);
    uhd::rx_metadata_t metadata;
    std::size_t received = 0, gaps = 0;
    std::optional<uhd::time_spec_t> expected;
    while (received + gaps * packet < samples.size()) {
        const std::size_t count = listener->recv(samples.data(), samples.size(), metadata, 5);
        if (metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_OVERFLOW) {
            CHECK(metadata.out_of_sequence);
            ++gaps;
        } else {
            REQUIRE(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_NONE);
        }
        // Each says where the stream goes on, so that nothing is lost unseen.
        if (expected && count > 0) CHECK(metadata.time_spec == *expected);
        received += count;
        expected =
            metadata.time_spec + uhd::time_spec_t::from_ticks(static_cast<long long>(count), 1e6);
    }
    CHECK(gaps > 0);
    CHECK(received > packets * packet / 2);
}

TEST_CASE("radio time may run slower than the wall clock") {
    const auto device = open("boards=1,time_scale=0.01");
    device->set_time_now(uhd::time_spec_t(0.0));
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const double radio_s = device->get_time_now().get_real_secs();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
    CHECK(radio_s >= 0.0009);
    CHECK(radio_s <= wall.count() * 0.0101 + 0.001);
    // Half a millisecond ahead on the air is 50 ms for the host.
    const auto streamer = sender(*device, {0});
    send(*streamer, 100, burst_at(device->get_time_now() + uhd::time_spec_t(0.0005)));
    CHECK(next(*streamer).event_code == Event::EVENT_CODE_BURST_ACK);
}

TEST_CASE("clocks lock to a reference, and follow a pulse, only where they are connected") {
    TemporaryFolder folder;
    const auto file = folder.write(
        "air.yaml", "boards: [{name: a}, {name: b, reference: false, pulse: false}]\n");
    const auto device = open("boards=all,config=" + file.string());
    device->set_clock_source("external");
    device->set_time_source("external");
    CHECK(device->get_mboard_sensor("ref_locked", 0).to_bool());
    CHECK_FALSE(device->get_mboard_sensor("ref_locked", 1).to_bool());
    set_times(*device);
    CHECK(device->get_time_now(0) < uhd::time_spec_t(1.5));
    const auto latched = device->get_time_last_pps(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    CHECK(device->get_time_last_pps(0) >= uhd::time_spec_t(1.0));
    CHECK(device->get_time_last_pps(1) == latched);
}

TEST_CASE("processes meet at a server: what one sends the other receives, the same every time") {
    TemporaryFolder folder;
    const std::string socket = (folder.path() / "air").string();
    const auto file = folder.write("air.yaml", R"(
seed: 3
noise_power: 0.01
boards: [{name: a, linewidth_hz: 10}, {name: b, carrier_offset_hz: 100}]
link: {fading: rayleigh, paths: 2}
)");
    const auto run = [&] {
        const gr::aircomp::virtual_radio::AirServer server(
            std::make_shared<gr::aircomp::virtual_radio::LocalAir>(
                gr::aircomp::virtual_radio::read_air(file.string())),
            socket);
        const auto a = open("name=a,air=" + socket);
        const auto b = open("name=b,air=" + socket);
        a->set_tx_rate(1e6);
        b->set_rx_rate(1e6);
        // Both set their times at one edge, whichever process they are in.
        const auto before = a->get_time_last_pps();
        while (a->get_time_last_pps() == before)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        a->set_time_next_pps(uhd::time_spec_t(100.0));
        b->set_time_next_pps(uhd::time_spec_t(100.0));
        const auto streamer = sender(*a, {0});
        std::this_thread::sleep_for(std::chrono::milliseconds(1050));
        CHECK(a->get_time_last_pps() == b->get_time_last_pps());
        const uhd::time_spec_t time(100.5);
        uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
        command.num_samps = 3000;
        command.stream_now = false;
        command.time_spec = time;
        const auto listener = receiver(*b);
        listener->issue_stream_cmd(command);
        CHECK(send(*streamer, 2000, burst_at(time)) == 2000);
        CHECK(next(*streamer).event_code == Event::EVENT_CODE_BURST_ACK);
        Samples samples(3000);
        uhd::rx_metadata_t metadata;
        CHECK(listener->recv(samples.data(), 3000, metadata, 5) == 3000);
        return samples;
    };
    const Samples first = run();
    double burst = 0, silence = 0;
    for (std::size_t n = 0; n < 1000; ++n) {
        burst += static_cast<double>(std::norm(first[500 + n])) / 1000;
        silence += static_cast<double>(std::norm(first[2000 + 5 + n % 990])) / 1000;
    }
    CHECK(burst > 0.05);
    CHECK(silence == Approx(0.01).epsilon(0.2));
    CHECK(run() == first);
}

TEST_CASE("wrong device arguments give one clear error") {
    const auto refused = [](const std::string& arguments, const std::string& expected) {
        INFO(arguments);
        CHECK_THROWS_WITH(open(arguments), Catch::Contains(expected));
    };
    refused("boards=x", "boards: expected a number from 1 to 1024, found 'x'");
    refused("boards=2.5", "boards: expected a whole number, found '2.5'");
    refused("name=nobody", "name: expected one of board0, found 'nobody'");
    refused("time_scale=2", "time_scale: expected a number from 1e-06 to 1, found '2'");
    refused("clock=sundial", "clock: expected scaled or event, found 'sundial'");
    refused("clock=event,time_scale=0.1",
            "time_scale: expected nothing beside an event clock, found '0.1'");
    refused("config=/nonexistent.yaml", "/nonexistent.yaml: expected a file that can be read");
    refused("air=/nonexistent", "air: expected the socket of an aircomp-air, found");
    refused("air=/tmp/air,clock=event", "clock: expected nothing beside air=");
    refused("air=/tmp/air,seed=3", "seed: expected nothing beside air=");
    refused("air=/tmp/air,impairments=b210", "impairments: expected nothing beside air=");
    refused("impairments=b21", "impairments: expected one of none, pluto, b210, x310, found 'b21'");
    const auto device = open("boards=1");
    CHECK_THROWS_WITH(device->get_rx_stream(uhd::stream_args_t("u8")),
                      Catch::Contains("cpu_format: expected fc64, fc32, sc16 or sc8"));
    CHECK_THROWS_WITH(device->set_clock_source("sundial"),
                      Catch::Contains("expected one of internal, external, found 'sundial'"));
}

}  // namespace
}  // namespace aircomp::test
