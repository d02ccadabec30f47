// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a radio that need none: states of bursts, converters, limits, rounds in time, and
// first light over radios that are fakes.
#include <algorithm>
#include <chrono>
#include <fstream>

#include "air/radio_cell.hpp"
#include "coding/calibration.hpp"
#include "config/waveform_format.hpp"
#include "engine/first_light.hpp"
#include "fake_air.hpp"
#include "gnuradio/aircomp/phy/converter_scale.hpp"
#include "radio/burst_tracker.hpp"
#include "radio/guarded_session.hpp"
#include "radio/power_calibration.hpp"
#include "round/device_end.hpp"
#include "round/multicast_sender.hpp"
#include "round/radio_testbed.hpp"
#include "round/round_clock.hpp"
#include "round/server_end.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using Catch::Contains;
using Seconds = std::chrono::duration<double>;

// ---- bursts ----

TEST_CASE("a burst is acknowledged once every channel has answered and all is handed over") {
    BurstTracker burst;
    CHECK(burst.state() == BurstState::waiting);
    burst.begin(2);
    CHECK(burst.state() == BurstState::in_burst);
    burst.acknowledged();
    burst.handed_over();
    CHECK(burst.state() == BurstState::awaiting_acknowledgement);
    CHECK_FALSE(burst.ended());
    burst.acknowledged();
    CHECK(burst.state() == BurstState::acknowledged);
    burst.begin(1);
    burst.acknowledged();
    CHECK(burst.state() == BurstState::in_burst);
    burst.handed_over();
    CHECK(burst.state() == BurstState::acknowledged);
}

TEST_CASE("a burst is known for the first thing that went wrong") {
    BurstTracker burst;
    burst.begin(2);
    burst.late();
    CHECK(burst.state() == BurstState::late);
    burst.handed_over();
    burst.underflowed();
    burst.acknowledged();
    burst.acknowledged();
    burst.timed_out();
    CHECK(burst.state() == BurstState::late);
    burst.begin(1);
    burst.handed_over();
    burst.timed_out();
    CHECK(burst.state() == BurstState::unacknowledged);
    CHECK(std::string(to_string(burst.state())) == "unacknowledged");
}

TEST_CASE("a burst cannot begin within another") {
    BurstTracker burst;
    burst.begin(1);
    CHECK_THROWS_WITH(burst.begin(1), "a burst begins while another is in burst");
}

// ---- converters ----

TEST_CASE("samples of 1 W have the stated mean at the converter, and come back as they were") {
    const gr::aircomp::phy::ConverterScale scale(-12);
    const std::vector<std::complex<float>> watts(100, {0.6F, -0.8F});
    std::vector<std::complex<float>> converter(watts.size());
    gr::aircomp::phy::ConverterLevel level;
    scale.to_converter(watts, converter, level);
    CHECK(level.mean_dbfs() == Approx(-12));
    CHECK(level.peak_dbfs() == Approx(-12 + 20 * std::log10(0.8)));
    CHECK(level.clipped == 0);
    scale.from_converter(converter, level);
    CHECK(std::abs(converter[3] - watts[3]) < 1e-6F);
}

TEST_CASE("peaks beyond full scale are clipped and counted") {
    const gr::aircomp::phy::ConverterScale scale(-6);
    std::vector<std::complex<float>> watts(10, 1.0F), converter(10);
    watts[4] = {-3.0F, 0.0F};
    gr::aircomp::phy::ConverterLevel level;
    scale.to_converter(watts, converter, level);
    CHECK(level.clipped == 1);
    CHECK(converter[4] == std::complex<float>(-1.0F, 0.0F));
    CHECK(level.peak_dbfs() == Approx(-6 + 20 * std::log10(3.0)));
}

TEST_CASE("a power calibration is linear between its gains, and strict") {
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "power.csv";
    std::ofstream(file)
        << "# frequency_hz, gain_db, dbm\n2.4e9, 10, -10\n2.4e9, 30, 8\n5e9,0,-30\n";
    const PowerCalibration calibration(file);
    CHECK(calibration.full_scale_dbm(2.45e9, 20) == Approx(-1));
    CHECK(calibration.full_scale_dbm(2.45e9, 5) == Approx(-15));
    CHECK(calibration.full_scale_dbm(2.45e9, 31) == Approx(9));
    CHECK_THROWS_WITH(calibration.full_scale_dbm(3.5e9, 20), Contains("within 5%"));
    std::ofstream(file) << "2.4e9, 10\n";
    CHECK_THROWS_WITH(PowerCalibration(file), Contains("power.csv:1: expected 'frequency_hz"));
}

// ---- limits ----

RadioOptions options_of(const std::string& name) {
    RadioOptions options;
    options.name = name;
    options.sample_rate_hz = 1e6;
    options.frequency_hz = 2.45e9;
    options.transmit_gain_db = 10;
    return options;
}

TransmitLimits laboratory_limits() {
    TransmitLimits limits;
    limits.frequency_ranges = {{2.4e9, 2.4835e9}};
    limits.max_gain_db = 20;
    return limits;
}

/// A guarded fake and the clock that its watchdog looks at.
struct Guarded {
    explicit Guarded(bool transmit, TransmitLimits limits = laboratory_limits(),
                     std::optional<double> full_scale_dbm = {},
                     const RadioOptions& options = options_of("device-1"))
        : session(std::make_unique<fakes::FakeRadio>(air, options), transmit, limits,
                  full_scale_dbm, [this] { return now; }) {}

    fakes::FakeAir air{{}, 0};
    TransmitGuard::Clock::time_point now{};
    GuardedSession session;
};

const std::vector<std::complex<float>> unit_burst(1000, 1.0F);

TEST_CASE("nothing is sent unless the configuration says so") {
    Guarded guarded(false);
    guarded.session.feed();
    CHECK_THROWS_WITH(guarded.session.transmit(0, unit_burst),
                      "radio 'device-1' refuses to transmit: radios.transmit is off");
}

TEST_CASE("a radio is silent as soon as nobody leads") {
    Guarded guarded(true);
    CHECK_THROWS_WITH(guarded.session.transmit(0, unit_burst), Contains("nobody has led"));
    guarded.session.feed();
    guarded.now += std::chrono::milliseconds(1900);
    CHECK_NOTHROW(guarded.session.transmit(0, unit_burst));
    guarded.now += std::chrono::milliseconds(200);
    CHECK_THROWS_WITH(guarded.session.transmit(10000, unit_burst),
                      Contains("radios.limits.watchdog_s (2 s)"));
    guarded.session.feed();
    CHECK_NOTHROW(guarded.session.transmit(10000, unit_burst));
}

TEST_CASE("limits are checked before the first sample") {
    RadioOptions options = options_of("device-1");
    TransmitLimits limits = laboratory_limits();
    std::string expected;
    SECTION("frequency") {
        options.frequency_hz = 2.4833e9;
        expected = "radios.limits.frequency_ranges_hz (2400000000 to 2483500000 Hz), found";
    }
    SECTION("no range at all") {
        limits.frequency_ranges.clear();
        expected = "(none Hz)";
    }
    SECTION("gain") {
        options.transmit_gain_db = 21;
        expected = "radios.limits.max_gain_db (20 dB), found 21 dB";
    }
    SECTION("power without calibration") {
        limits.max_power_dbm = 0;
        expected = "calibration: expected a file";
    }
    CHECK_THROWS_WITH(check_limits(options, limits, {}), Contains(expected));
    CHECK_THROWS_WITH(Guarded(true, limits, {}, options), Contains(expected));
    CHECK_NOTHROW(Guarded(false, limits, {}, options));
}

TEST_CASE("a burst may not be louder than allowed") {
    TransmitLimits limits = laboratory_limits();
    limits.max_mean_dbfs = -11;
    limits.max_power_dbm = 2.5;
    Guarded guarded(true, limits, 14);
    guarded.session.feed();
    CHECK_NOTHROW(guarded.session.transmit(0, unit_burst));
    const std::vector<std::complex<float>> louder(1000, 1.1F);
    CHECK_THROWS_WITH(guarded.session.transmit(5000, louder), Contains("max_power_dbm (2.5 dBm)"));
    const std::vector<std::complex<float>> loudest(1000, 1.3F);
    CHECK_THROWS_WITH(guarded.session.transmit(5000, loudest), Contains("max_mean_dbfs"));
}

TEST_CASE("a radio may be on the air for its part of any second only") {
    TransmitLimits limits = laboratory_limits();
    limits.max_duty = 0.0025;
    Guarded guarded(true, limits);
    guarded.session.feed();
    guarded.session.transmit(0, unit_burst);
    guarded.session.transmit(10000, unit_burst);
    CHECK_THROWS_WITH(guarded.session.transmit(20000, unit_burst), Contains("max_duty (0.0025)"));
    CHECK_NOTHROW(guarded.session.transmit(1000000, unit_burst));
}

// ---- clocks ----

/// A radio in the time of a test; without a cable it sees no pulse that could set its clock.
class PulsedRadio final : public TimedRadio {
public:
    PulsedRadio(const std::string& name, Ticks begin, const std::chrono::milliseconds& now,
                bool has_cable = true)
        : options_(options_of(name)), begin_(begin), now_(now), has_cable_(has_cable) {}

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override {
        if (!has_cable_) return {begin_};
        const auto rate = static_cast<Ticks>(options_.sample_rate_hz);
        if (zero_ && second() >= first_) return {*zero_ + (second() - first_) * rate};
        return {begin_ + second() * rate};
    }
    void set_time_at_next_pulse(Ticks time) override {
        first_ = second() + 1;
        zero_ = time;
    }
    void tune(Ticks) override {}
    Ticks now() override { return 0; }

private:
    Ticks second() const { return std::chrono::duration_cast<std::chrono::seconds>(now_).count(); }

    RadioOptions options_;
    Ticks begin_;
    const std::chrono::milliseconds& now_;
    bool has_cable_;
    Ticks first_ = 0;  ///< Second of the pulse that is at zero_.
    std::optional<Ticks> zero_;
};

/// Radios, and the time that passes while somebody sleeps.
struct Pulses {
    void align(std::vector<TimedRadio*> radios, Ticks zero) {
        align_clocks(radios, zero, [this](std::chrono::milliseconds pause) { now += pause; });
    }
    std::chrono::milliseconds now{300};
};

TEST_CASE("radios take one pulse for the same time, whatever their clocks showed before") {
    Pulses pulses;
    PulsedRadio one("one", 123, pulses.now), other("other", 456789, pulses.now);
    pulses.align({&one, &other}, 1000);
    CHECK(one.last_pulse() == std::vector<Ticks>{1000});
    CHECK(other.last_pulse() == std::vector<Ticks>{1000});
    CHECK(pulses.now < std::chrono::milliseconds(2100));  // Of the second pulse that came.
}

TEST_CASE("a radio without pulses is named after a minute") {
    Pulses pulses;
    PulsedRadio silent("silent", 0, pulses.now, /*has_cable=*/false);
    CHECK_THROWS_WITH(
        pulses.align({&silent}, 0),
        Contains("radio 'silent': expected a pulse per second") && Contains("found none in 60 s"));
    CHECK(pulses.now > std::chrono::seconds(60));
}

TEST_CASE("a radio whose clock the pulse has not set is named") {
    Pulses pulses;
    PulsedRadio one("one", 123, pulses.now), other("other", 456, pulses.now, /*has_cable=*/false);
    CHECK_THROWS_WITH(pulses.align({&one, &other}, 0),
                      Contains("radio 'other', board 0: expected the last pulse at tick 0, as "
                               "radio 'one' has it, found 456"));
}

// ---- rounds ----

Config radio_testbed(int devices, int server_antennas) {
    Config config = default_config(devices);
    config.radio.server_antennas = server_antennas;
    config.radio.streams = 1;
    config.radio.server_power_w = 1;
    config.radio.coherence_block_s = 1;
    config.waveform.resource_block = 8;
    config.frame.turnaround_s = 2e-3;
    config.waveform.attempts = 3;
    config.radios.transmit = true;
    config.radios.frequency_hz = 2.45e9;
    config.radios.limits = laboratory_limits();
    config.radios.limits.watchdog_s = 3600;  // However busy the machine is.
    config.radios.server.args = "server";
    for (DeviceConfig& device : config.devices) {
        device.antennas = 1;
        device.max_power_w = 1;
        config.radios.devices.push_back({device.name, "", "", "", 0, 0, ""});
    }
    return config;
}

std::vector<double> powers(const Config& config) {
    std::vector<double> power_w;
    for (const auto& device : config.devices)
        power_w.push_back(device.max_power_w);
    return power_w;
}

// ---- first light ----

struct FakeTestbed {
    explicit FakeTestbed(const Config& of) : config(of), air(channels(of), 1e-2) {
        options.rounds = 6;
        options.length = 512;
        options.open = [this](const RadioOptions& radio) {
            return std::make_unique<fakes::FakeRadio>(air, radio);
        };
    }

    static std::map<std::string, Eigen::MatrixXcd> channels(const Config& config) {
        std::map<std::string, Eigen::MatrixXcd> channels;
        RadioCell cell(config, powers(config));
        cell.enter_block();
        for (std::size_t n = 0; n < config.devices.size(); ++n)
            channels[config.devices[n].name] = cell.block().channels[n];
        return channels;
    }

    Config config;
    fakes::FakeAir air;
    FirstLightOptions options;
};

TEST_CASE("first light over perfect radios has the error that its design expects") {
    FakeTestbed testbed(radio_testbed(3, 3));
    const auto report = first_light(testbed.config, testbed.options);
    REQUIRE(report.rounds.size() == 6);
    CHECK(report.repeated_rounds == 0);
    // Acquisition, the design's, and the one at the end.
    CHECK(report.soundings == 3);
    CAPTURE(report.nmse, report.rounds[0].expected_nmse);
    // Equation (4) knows nothing of the phases' errors, which headers in noise leave: 0.5 dB in
    // this noise, in 40 others 0.9 dB with a standard deviation of 1.1 dB.
    const double excess_db = 10 * std::log10(report.nmse / report.rounds[0].expected_nmse);
    CHECK(excess_db > -2.5);
    CHECK(excess_db < 6);
    const auto channels = FakeTestbed::channels(testbed.config);
    for (const auto& device : report.devices) {
        CAPTURE(device.name, device.path_gain_db);
        const double gain = channels.at(device.name).squaredNorm() / 3;
        CHECK(device.path_gain_db == Approx(10 * std::log10(gain)).margin(0.5));
        CHECK(std::abs(device.phase_deg) < 20);
        CHECK(device.power_dbfs == Approx(-12));
    }
}

TEST_CASE("a round with any late or missing acknowledgement is discarded and repeated") {
    FakeTestbed testbed(radio_testbed(3, 3));
    const double undisturbed = first_light(testbed.config, testbed.options).nmse;
    FakeTestbed disturbed(testbed.config);
    // Every radio's bursts 0 and 1 are soundings; after a failure there are two more.
    disturbed.air.fail_burst("device-2", 3, BurstState::late);
    disturbed.air.fail_burst("server", 7, BurstState::underflowed);
    const auto report = first_light(disturbed.config, disturbed.options);
    CHECK(report.rounds.size() == 6);
    CHECK(report.repeated_rounds >= 2);
    CHECK(report.devices[1].late == 1);
    CHECK(report.server.underflowed == 1);
    REQUIRE(report.failures.size() >= 2);
    CHECK(report.failures[0] == "device 'device-2': the burst was late");
    CHECK(report.nmse < 1.5 * undisturbed);
}

TEST_CASE("a burst that limits refuse is a failed round, and is sent again more quietly") {
    Config config = radio_testbed(3, 3);
    // The farthest device's sums take all of its 1 W, which is -12 dBFS; headers and soundings
    // less.
    config.radio.server_power_w = 0.5;
    config.radios.limits.max_mean_dbfs = -12.5;
    config.waveform.attempts = 20;
    FakeTestbed testbed(config);
    const auto report = first_light(config, testbed.options);
    CHECK(report.rounds.size() == 6);
    REQUIRE(!report.failures.empty());
    const auto refused = std::count_if(
        report.failures.begin(), report.failures.end(), [](const std::string& failure) {
            return failure.find("the burst was refused: radio '") != std::string::npos;
        });
    CHECK(refused >= 1);
    CHECK(report.nmse < 0.5);
}

// ---- messages ----

/// A testbed of fakes whose server has messages for its devices.
struct MessageTestbed {
    explicit MessageTestbed(const Config& config)
        : fakes(config),
          codec(config, length, unit_calibration(config.devices.size())),
          testbed(config, codec, powers(config), "mmse", fakes.options.open),
          sender(config, burst_format(config), testbed.multicast(), testbed.scheduler()) {
        testbed.scheduler().prepare();
    }

    /// What devices decoded of a message that differs with `seed`.
    bool brings(std::uint8_t seed) {
        std::vector<std::uint8_t> message(200);
        for (std::size_t i = 0; i < message.size(); ++i)
            message[i] = static_cast<std::uint8_t>(seed + 7 * i);
        std::vector<std::uint8_t> brought = message;
        sender.send(brought, [this](double seconds) { spent.push_back(seconds); });
        return brought == message;
    }

    static constexpr std::int64_t length = 64;
    FakeTestbed fakes;
    AnalogCodec codec;
    RadioTestbed testbed;
    MulticastSender sender;
    std::vector<double> spent;
};

Config message_testbed() {
    Config config = radio_testbed(3, 4);
    config.scheme = "mmse";
    return config;
}

TEST_CASE("a message of the server reaches all radios of the testbed, after one training burst") {
    MessageTestbed testbed(message_testbed());
    CHECK(testbed.brings(1));
    CHECK(testbed.brings(2));
    CHECK(testbed.sender.sent() == 2);
    CHECK(testbed.sender.faults().empty());
    CHECK(testbed.spent.size() == 3);
    CHECK(testbed.spent[1] == testbed.spent[2]);
}

TEST_CASE(
    "a message that a device did not get is sent again, more slowly, and not gone on without") {
    MessageTestbed testbed(message_testbed());
    // The server's bursts so far are two soundings' headers; training and a message follow.
    testbed.fakes.air.lose_burst(3);
    CHECK(testbed.brings(1));
    REQUIRE(testbed.sender.faults().size() == 1);
    CHECK(testbed.sender.faults()[0].what ==
          "device 'device-1': did not find the message's header");
    CHECK(testbed.sender.faults()[0].device == 0);
    CHECK(testbed.spent.size() == 4);
    CHECK(testbed.spent[3] >= testbed.spent[1]);
    testbed.fakes.air.lose_burst(6);
    testbed.fakes.air.fail_burst("server", 8, BurstState::late);
    CHECK(testbed.brings(2));
    REQUIRE(testbed.sender.faults().size() == 3);
    CHECK(testbed.sender.faults()[2].what == "server: the message was late");
}

TEST_CASE(
    "a message that never gets through is an error that names the device, and changes nothing") {
    MessageTestbed testbed(message_testbed());
    for (int burst = 2; burst < 20; ++burst)
        testbed.fakes.air.lose_burst(burst);
    std::vector<std::uint8_t> message(50, 3);
    CHECK_THROWS_WITH(testbed.sender.send(message, [](double) {}),
                      "radios: no message of the server reached all devices in 3 attempts: device "
                      "'device-1': did not find the training burst");
    CHECK(message == std::vector<std::uint8_t>(50, 3));
}

TEST_CASE("messages keep to the grid of rounds, and come behind the devices' turnaround") {
    const Config config = radio_testbed(1, 1);
    RoundTiming timing;
    timing.start = 1000;
    timing.lead = 50;
    timing.interval = 10;
    timing.header_gap = 5;
    timing.sum_turnaround = 400;
    timing.tail = 7;
    RoundClock clock(burst_format(config), {64, 1, std::nullopt}, 1e6, timing);
    const RoundOrder round = clock.next(false, false, 0);
    const Ticks end = clock.end();
    const PlacedBurst burst = clock.next_burst(300, 0);
    CHECK(burst.number == round.number + 1);
    CHECK(burst.begin == end + 400);
    CHECK(clock.end() == burst.begin + 300 + 7);
    const RoundOrder next = clock.next(false, false, 0);
    CHECK(next.number == burst.number + 1);
    CHECK(next.headers.front() == clock.begin());
    CHECK(clock.begin() == burst.begin + 300 + 7 + 10);
    // Behind time, in whole intervals.
    const Ticks after = clock.end() + 400;
    CHECK(clock.next_burst(300, after).begin == after + 50);
}

TEST_CASE("a device whose clock is set anew forgets the headers of the time before") {
    const Config config = radio_testbed(1, 1);
    const auto format = burst_format(config);
    const phy::Payload payload{64, 1, std::nullopt};
    const ServerEnd server(format, payload, 1, 1, window_lead, window_tail);
    std::vector<phy::Sample> window(window_lead + format.header_samples() + window_tail);
    std::copy(server.header().begin(), server.header().end(), &window[window_lead]);
    NoiseGenerator(1).add(window, 1e-4);
    DeviceEnd device(config, format, payload, 0, {}, window.size());
    CHECK(device.headers().hear(window, 5e6).found);
    CHECK_THROWS_AS(device.headers().hear(window, 1e6), std::invalid_argument);
    device.headers().begin_anew();
    CHECK(device.headers().hear(window, 1e6).found);
    CHECK(std::abs(device.headers().predict(1e6).offset * config.radio.bandwidth_hz) < 1000);
}

TEST_CASE("a guard whose clock is set anew forgets what it has sent in the time before") {
    TransmitLimits limits = laboratory_limits();
    limits.max_duty = 0.0015;
    Guarded guarded(true, limits);
    guarded.session.feed();
    guarded.session.transmit(50000, unit_burst);
    CHECK_THROWS_AS(guarded.session.transmit(52000, unit_burst), TransmissionRefused);
    guarded.session.set_time_at_next_pulse(0);
    CHECK_NOTHROW(guarded.session.transmit(1000, unit_burst));
}

TEST_CASE("first light ends with the reason once all attempts have failed") {
    FakeTestbed testbed(radio_testbed(2, 2));
    for (int burst = 0; burst < 3; ++burst)
        testbed.air.fail_burst("device-1", burst, BurstState::unacknowledged);
    CHECK_THROWS_WITH(first_light(testbed.config, testbed.options),
                      "radios: no whole round in 3 attempts: device 'device-1': the burst was "
                      "unacknowledged");
}

TEST_CASE("first light takes the devices that it is told to") {
    FakeTestbed testbed(radio_testbed(3, 2));
    testbed.options.devices = {2};
    FakeTestbed one(testbed.config);
    Config single = testbed.config;
    auto channels = FakeTestbed::channels(single);
    channels.erase("device-1");
    channels.erase("device-2");
    fakes::FakeAir air(channels, 1e-3);
    testbed.options.open = [&](const RadioOptions& radio) {
        return std::make_unique<fakes::FakeRadio>(air, radio);
    };
    const auto report = first_light(testbed.config, testbed.options);
    REQUIRE(report.devices.size() == 1);
    CHECK(report.devices[0].name == "device-3");
    CHECK(report.nmse < 0.1);
}

TEST_CASE("first light sends nothing where transmission is off") {
    FakeTestbed testbed(radio_testbed(2, 2));
    testbed.config.radios.transmit = false;
    CHECK_THROWS_WITH(first_light(testbed.config, testbed.options),
                      "radios.transmit: expected true, for a sum is sent, found false");
}

TEST_CASE("a driver that this build does not have is named") {
    RadioOptions options = options_of("device-1");
    options.driver = "other";
    CHECK_THROWS_WITH(open_radio(options),
                      Contains("radio 'device-1': driver: expected ") && Contains("found 'other'"));
}

}  // namespace
}  // namespace aircomp::runtime
