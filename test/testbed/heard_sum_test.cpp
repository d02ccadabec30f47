// SPDX-License-Identifier: GPL-3.0-or-later
// Sums that come down to a device daemon by air: it goes on with what it could decode, and with nothing
// else. The radio is the test's.
#include <mutex>

#include "config/config.hpp"
#include "config/registry.hpp"
#include "daemon/air_messages.hpp"
#include "daemon/device/radio_partial_carrier.hpp"
#include "schemes/down/registry.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "testbed/resting_clock.hpp"

namespace aircomp::test {
namespace {

using Catch::Contains;
using namespace runtime;
using namespace runtime::testbed;

constexpr std::int64_t length = 16;
constexpr std::int64_t vectors = 2;

/// Decodes what the test gives it, or nothing.
class GivenRadio final : public DeviceRadio {
public:
    TimedRadio& timed() override { return clock; }
    void begin_anew() override {}
    void feed() override {}
    DeviceReport take_part(const RoundOrder&, const DeviceSettings&,
                           gsl::span<const float>) override {
        return {};
    }
    MulticastReport listen(const MulticastOrder& order) override {
        ordered = order;
        MulticastReport report;
        report.window.state = WindowState::whole;
        report.header_found = true;
        report.decoded = !message.empty();
        report.message = message;
        return report;
    }

    RestingClock clock;
    MulticastOrder ordered;
    std::vector<std::uint8_t> message;  ///< Empty: its checksum is wrong.
};

Config config_of_device() {
    Config config = default_config(2);
    config.radio.downlink = "multicast";
    config.radio.downlink_bits = 8;
    config.radio.server_antennas = 4;
    return config;
}

/// A device that has answered round 7, whose sum is to come.
struct Listener {
    Listener()
        : carrier(
              config, 0, length, radio, [](const control::Frame&, const Round&, double) {},
              [this](const control::Frame& frame) {
                  const std::lock_guard lock(mutex);
                  reports.push_back(frame);
              }) {
        round.epoch = 1;
        round.number = 7;
        round.vectors = vectors;
        round.length = length;
        round.way = control::Way::air;
        carrier.carry(round, std::vector<float>(round.values(), 1.0F), 0);
    }

    SumMessage codes() const {
        return *find_row(downlinks(), "downlink", config.radio.downlink).message;
    }

    control::Listen order(std::uint32_t vector) const {
        control::Listen listen;
        listen.epoch = 1;
        listen.number = 20 + vector;
        listen.begin = 1000;
        listen.streams = 1;
        listen.bits = 4;
        listen.rate = 2;
        listen.repetitions = 1;
        listen.message_bytes = static_cast<std::uint32_t>(codes().bytes(config.radio, length));
        listen.round = 7;
        listen.vector = vector;
        return listen;
    }

    /// What the device says of it.
    control::Heard hear(const control::Listen& listen) {
        const std::size_t before = reports.size();
        carrier.command(listen);
        const bool came = eventually([&] {
            const std::lock_guard lock(mutex);
            return reports.size() > before;
        });
        REQUIRE(came);
        const std::lock_guard lock(mutex);
        return std::get<control::Heard>(control::decode(*reports.back()));
    }

    /// The radio gets a sum of this value everywhere, and returns it as codes have it.
    std::vector<float> give(float value) {
        std::vector<float> sum(length, value);
        sum[0] = -2 * value;
        radio.message.resize(codes().bytes(config.radio, length));
        codes().write(config.radio, sum, radio.message);
        codes().read(config.radio, radio.message, sum);
        return sum;
    }

    Config config = config_of_device();
    GivenRadio radio;
    Round round;
    std::mutex mutex;
    std::vector<control::Frame> reports;
    RadioPartialCarrier carrier;
};

TEST_CASE("a device goes on with the sum that it has decoded, of all vectors") {
    Listener device;
    auto expected = device.give(0.5F);
    const auto heard = device.hear(device.order(0));
    CHECK(heard.decoded);
    CHECK(heard.failure.empty());
    CHECK(device.radio.clock.rests == 1);
    CHECK(device.radio.ordered.begin == 1000);
    CHECK(device.radio.ordered.modulation ==
          phy::Modulation{1, 4, phy::CodeRate::three_quarters, 1});
    CHECK_THROWS_WITH(device.carrier.heard(device.round), Contains("has not come whole"));
    const auto second = device.give(3);
    CHECK(device.hear(device.order(1)).decoded);
    expected.insert(expected.end(), second.begin(), second.end());
    CHECK(device.carrier.heard(device.round) == expected);
}

TEST_CASE("a device whose message fails its checksum has no sum until the message comes again") {
    Listener device;
    device.give(1);
    device.hear(device.order(0));
    device.radio.message.clear();
    CHECK_FALSE(device.hear(device.order(1)).decoded);
    CHECK_THROWS_AS(device.carrier.heard(device.round), control::ProtocolError);
    const auto again = device.give(2);
    CHECK(device.hear(device.order(1)).decoded);
    const auto sum = device.carrier.heard(device.round);
    CHECK(std::equal(again.begin(), again.end(), sum.begin() + length));
    // The sum of another round is none of this one's.
    Round next = device.round;
    ++next.number;
    CHECK_THROWS_AS(device.carrier.heard(next), control::ProtocolError);
}

TEST_CASE("messages that fit no sum of the device break the protocol or are not listened to") {
    Listener device;
    auto listen = device.order(0);
    SECTION("of another length") {
        ++listen.message_bytes;
        CHECK_THROWS_WITH(device.carrier.command(listen),
                          Contains("listen: expected a message of ") && Contains("found 21"));
    }
    SECTION("of more streams than antennas") {
        listen.streams = 5;
        CHECK_THROWS_WITH(device.carrier.command(listen), Contains("no more streams"));
    }
    SECTION("of a round that the device has not answered") {
        listen.round = 6;
        device.give(1);
        CHECK(device.hear(listen).failure == "there is no such sum");
    }
    SECTION("where sums come over the link") {
        Config wired = device.config;
        wired.radio.downlink = "control";
        RadioPartialCarrier carrier(
            wired, 0, length, device.radio, [](const control::Frame&, const Round&, double) {},
            [](const control::Frame&) {});
        CHECK_THROWS_WITH(carrier.command(listen), Contains("sums come down over the link"));
    }
}

TEST_CASE("daemons take the ways down that they can, and name them") {
    Config config = config_of_device();
    RadioEndConfig end;
    CHECK(downlink_of_daemon(config, end).message);
    end.chain = RadioChain::flowgraph;
    CHECK_THROWS_WITH(
        downlink_of_daemon(config, end),
        "radio.downlink: expected control, for flowgraphs (radios.chain) bring no sums "
        "down, found multicast");
    config.radio.downlink = "control";
    CHECK(downlink_of_daemon(config, end).wired);
    config.radio.downlink = GENERATE("free", "closed-loop");
    CHECK_THROWS_WITH(downlink_of_daemon(config, end),
                      Contains("radio.downlink: expected one of multicast, control for sums of "
                               "daemons over radios, found "));
}

}  // namespace
}  // namespace aircomp::test
