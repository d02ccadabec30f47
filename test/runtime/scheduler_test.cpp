// SPDX-License-Identifier: GPL-3.0-or-later
// The scheduler of rounds beside a server and devices that do what a test says, in a time that
// stands still unless a test moves it.
#include <array>
#include <functional>
#include <limits>
#include <map>

#include "air/waveform_air.hpp"
#include "config/waveform_format.hpp"
#include "full_power.hpp"
#include "round/round_scheduler.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t length = 64;
constexpr Ticks start = 5000000;

Config scheduled_testbed() {
    Config config = default_config(2);
    config.radio.server_antennas = 3;
    config.radio.streams = 1;
    config.radio.bandwidth_hz = 10e6;
    config.radio.coherence_block_s = 1;
    config.waveform.resource_block = 52;
    config.frame.turnaround_s = 2e-3;
    config.waveform.attempts = 3;
    config.radios.transmit = true;
    config.radios.lead_s = 20e-3;
    config.radios.interval_s = 20e-3;
    config.radios.max_evm = 0.3;
    for (DeviceConfig& device : config.devices)
        device.antennas = 1;
    return config;
}

/// Partials of unit power; `mlp` is that of the second device's at MLPs.
Calibration calibration(double mlp = 1) {
    SiteStatistics site;
    site.vectors = 1;
    site.partial_power = {1, 1};
    site.residual_power = 1;
    SiteStatistics other = site;
    other.kind = SiteKind::mlp;
    other.partial_power[1] = mlp;
    return {{site, other}, {site, other}};
}

/// Both sides of the rounds: all goes well, but for what a test says of a round by its number.
class ScriptedEnds final : public RoundServer, public RoundDevices {
public:
    explicit ScriptedEnds(const Config& config)
        : entries_(burst_format(config).used_subcarriers() *
                   static_cast<std::size_t>(config.radio.server_antennas)) {}

    Ticks now() override { return time; }
    ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) override {
        sounding_power_w.assign(power_w.begin(), power_w.end());
        sounding_.found = true;
        sounding_.noise_power_w = noise_power_w;
        sounding_.devices.assign(2, {});
        for (std::size_t n = 0; n < 2; ++n) {
            phy::DeviceEstimate& device = sounding_.devices[n];
            device.found = true;
            device.path_gain = 1;
            device.least_squares.assign(entries_, std::polar(1.0F, phases_rad.at(n)));
            // Another antenna of the server's is close to each device.
            for (std::size_t i = n; i < entries_; i += 3)
                device.least_squares[i] *= 2;
            device.mmse = device.least_squares;
            device.mmse_variance = {1e-3};
        }
        return report_of(order);
    }
    const phy::SoundingReport& sounding() const override { return sounding_; }
    ServerReport sum(const RoundOrder& order, const ServerSettings&, gsl::span<float>) override {
        steps.emplace_back("server's part");
        return report_of(order);
    }
    void call(gsl::span<const std::size_t> devices) override {
        steps.push_back("call of " + std::to_string(devices.size()));
    }
    void hold() override { steps.emplace_back("hold"); }
    void rest() override { steps.emplace_back("rest"); }
    std::vector<std::size_t> told(const RoundOrder& order) const override {
        return order.sounding ? std::vector<std::size_t>{0, 1} : std::vector<std::size_t>{1};
    }
    void settle(SiteKind kind, std::int64_t from, const std::vector<DeviceSettings>&) override {
        settled.emplace_back(kind, from);
    }
    std::vector<DeviceReport> take_part(const RoundOrder& order,
                                        const std::function<void()>& server) override {
        orders.push_back(order);
        steps.emplace_back("order");
        DeviceReport well;
        well.window.state = WindowState::whole;
        well.header_found = true;
        well.burst.state = BurstState::acknowledged;
        std::vector<DeviceReport> reports(2, well);
        if (const auto script = device_scripts.find(order.number); script != device_scripts.end())
            script->second(reports);
        server();
        return reports;
    }

    /// A device's burst of a round ends in `state`.
    void fail_burst(std::int64_t round, std::size_t device, BurstState state) {
        device_scripts[round] = [=](std::vector<DeviceReport>& reports) {
            reports.at(device).burst.state = state;
            reports.at(device).refusal = "too loud";
        };
    }
    void lose_burst(std::int64_t round) {
        server_scripts[round] = [](ServerReport& report) { report.found = false; };
    }

    Ticks time = 0;
    std::map<std::int64_t, std::function<void(std::vector<DeviceReport>&)>> device_scripts;
    std::map<std::int64_t, std::function<void(ServerReport&)>> server_scripts;
    double evm = 0.1;                          ///< Of sums.
    double noise_power_w = 1e-3;               ///< As soundings estimate it.
    std::array<float, 2> phases_rad = {0, 0};  ///< Of the channels that soundings show.

    std::vector<RoundOrder> orders;
    std::vector<std::string> steps;  ///< Of what matters to time that waits for radios.
    std::vector<std::pair<SiteKind, std::int64_t>> settled;
    std::vector<double> sounding_power_w;

private:
    ServerReport report_of(const RoundOrder& order) const {
        ServerReport report;
        report.header.state = BurstState::acknowledged;
        report.window.state = WindowState::whole;
        report.found = true;
        report.confidence = 1;
        report.evm = evm;
        if (const auto script = server_scripts.find(order.number); script != server_scripts.end())
            script->second(report);
        return report;
    }

    std::size_t entries_;
    phy::SoundingReport sounding_;
};

/// A round as a test names it: acquisition (many headers), sounding, look back (the old reference),
/// sum.
std::string name_of(const RoundOrder& order) {
    if (!order.sounding) return "sum";
    if (!order.new_reference) return "look back";
    return order.headers.size() > 1 ? "acquisition" : "sounding";
}

using Names = std::vector<std::string>;

struct Testbed {
    explicit Testbed(const RoundRules& rules, const Calibration& statistics = calibration(),
                     const Config& of = scheduled_testbed())
        : config(of),
          ends(config),
          scheduler(config, AnalogCodec(config, length, statistics), full_power(config), "mmse",
                    ends, ends, rules) {}

    WholeRound sum(SiteKind kind = SiteKind::attention) {
        std::vector<float> sum(length);
        return scheduler.sum(kind, 1, sum);
    }
    /// The rounds since the last call.
    Names rounds() {
        Names names;
        for (; seen < ends.orders.size(); ++seen)
            names.push_back(name_of(ends.orders[seen]));
        return names;
    }

    Config config;
    ScriptedEnds ends;
    RoundScheduler scheduler;
    std::size_t seen = 0;
};

Testbed over_radios(const Config& config = scheduled_testbed()) {
    return Testbed(radio_rules(config, start), calibration(), config);
}

RoundRules rules_of_emulation(Config config, double carrier_offset_hz) {
    config.waveform.carrier_offset_hz = carrier_offset_hz;
    const WaveformAir air(config, burst_format(config), {1, 1}, 1e-3);
    return emulated_rules(config, air, 1e-2);
}

// ---- when it sounds and designs ----

TEST_CASE("the first sum comes after offsets are found, the channel is sounded and designed for") {
    Testbed testbed(radio_rules(scheduled_testbed(), start));
    const auto round = testbed.sum();
    CHECK(testbed.rounds() == Names{"acquisition", "sounding", "sum"});
    CHECK(testbed.ends.settled == std::vector<std::pair<SiteKind, std::int64_t>>{
                                      {SiteKind::attention, 2}, {SiteKind::mlp, 2}});
    CHECK(round.order.number == 2);
    CHECK(testbed.scheduler.soundings() == 2);
    const double power_w = testbed.config.devices[0].max_power_w;
    CHECK(testbed.ends.sounding_power_w[0] == power_w);
}

TEST_CASE("while the channel is known a sum is one round, of either kind of sites") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.rounds();
    testbed.sum();
    testbed.sum(SiteKind::mlp);
    CHECK(testbed.rounds() == Names{"sum", "sum"});
    CHECK(testbed.ends.orders.back().site == SiteKind::mlp);
    CHECK(testbed.ends.settled.size() == 2);
}

TEST_CASE("radios are called before an order leaves, and the server rests while reports are due") {
    Testbed testbed = over_radios();
    testbed.sum();
    testbed.ends.steps.clear();
    testbed.sum();
    CHECK(testbed.ends.steps == Names{"call of 1", "order", "server's part", "rest", "hold"});
}

TEST_CASE("a channel known for a coherence block is looked back at, and sounded again") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.rounds();
    const Ticks sounded = testbed.ends.orders[1].burst;
    testbed.ends.time = sounded + 9000000;
    testbed.sum();
    CHECK(testbed.rounds() == Names{"sum"});
    testbed.ends.time = sounded + 10000000;
    testbed.sum();  // still by the end of the last round
    testbed.rounds();
    testbed.ends.phases_rad = {0.2F, -0.2F};
    testbed.sum();
    CHECK(testbed.rounds() == Names{"look back", "sounding", "sum"});
    CHECK(testbed.ends.settled.size() == 4);
    CHECK(testbed.scheduler.phases_rad()[0] == Approx(0.2));
    CHECK(testbed.scheduler.phases_rad()[1] == Approx(-0.2));
}

TEST_CASE("pilots that err more than allowed, and more than after the design, have it sound") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.rounds();
    SECTION("more than after the design, but allowed") {
        testbed.ends.evm = 0.29;
        testbed.sum();
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "sum"});
    }
    SECTION("more than both") {
        testbed.ends.evm = 0.31;
        testbed.sum();
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "look back", "sounding", "sum"});
        CHECK(testbed.scheduler.evm_soundings() == 1);
        // As bad as right after a design: another would not mend it.
        testbed.ends.evm = 0.4;
        testbed.sum();
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "sum"});
        testbed.ends.evm = 0.47;
        testbed.sum();
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "look back", "sounding", "sum"});
        CHECK(testbed.scheduler.evm_soundings() == 2);
    }
}

TEST_CASE("a design is for the noise that the sounding shows, or for the rules'") {
    RoundRules rules = radio_rules(scheduled_testbed(), start);
    const auto nmse = [&](double estimated) {
        Testbed testbed(rules);
        testbed.ends.noise_power_w = estimated;
        testbed.sum();
        return testbed.scheduler.settings(SiteKind::attention).server.nmse;
    };
    const double little = nmse(1e-3), much = nmse(1e-1);
    CHECK(much > 5 * little);
    rules.noise_power_w = 1e-3;
    CHECK(nmse(1e-1) == Approx(little));
}

TEST_CASE("a device that has nothing to send at MLPs is not missed there") {
    Testbed testbed(radio_rules(scheduled_testbed(), start), calibration(/*mlp=*/0));
    testbed.sum();
    testbed.rounds();
    testbed.ends.fail_burst(3, 1, BurstState::waiting);
    testbed.ends.fail_burst(4, 1, BurstState::waiting);
    testbed.sum(SiteKind::mlp);
    CHECK(testbed.rounds() == Names{"sum"});
    testbed.sum(SiteKind::attention);
    CHECK(testbed.rounds().size() > 1);
    REQUIRE(testbed.scheduler.faults().size() == 1);
    CHECK(testbed.scheduler.faults()[0].device == std::size_t{1});
}

// ---- what it repeats ----

TEST_CASE("over radios a sum that failed is repeated after offset and channel are found anew") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.rounds();
    testbed.ends.fail_burst(3, 1, BurstState::late);
    const auto round = testbed.sum();
    CHECK(testbed.rounds() == Names{"sum", "acquisition", "sounding", "sum"});
    CHECK(round.order.number == 6);
    CHECK(round.order.scale == 1);
    CHECK(testbed.ends.settled.size() == 4);
    REQUIRE(testbed.scheduler.faults().size() == 1);
    CHECK(testbed.scheduler.faults()[0].what ==
          "device '" + testbed.config.devices[1].name + "': the burst was late");
    CHECK(testbed.scheduler.tallies()[1].late == 1);
    CHECK(testbed.scheduler.tallies()[0].late == 0);
    testbed.sum();
    CHECK(testbed.rounds() == Names{"sum"});
}

TEST_CASE("every failure over radios moves the headers to the server's next antenna") {
    auto testbed = over_radios();
    testbed.ends.lose_burst(0);
    testbed.sum();
    CHECK(testbed.rounds() == Names{"acquisition", "acquisition", "sounding", "sum"});
    const auto antenna = [&](std::size_t i) { return testbed.ends.orders[i].header_antenna; };
    CHECK(antenna(0) == 0);
    CHECK(antenna(1) == 1);
    CHECK(antenna(2) == 1);
    CHECK(antenna(3) == 1);
    testbed.ends.lose_burst(4);
    testbed.sum();
    CHECK(testbed.ends.orders.back().header_antenna == 2);
    testbed.ends.lose_burst(8);
    testbed.sum();
    CHECK(testbed.ends.orders.back().header_antenna == 0);
}

TEST_CASE(
    "a burst that limits refuse is sent again 3 dB quieter, over the channel as it is known") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.rounds();
    testbed.ends.fail_burst(3, 0, BurstState::refused);
    testbed.ends.fail_burst(4, 0, BurstState::refused);
    const auto round = testbed.sum();
    CHECK(testbed.rounds() == Names{"sum", "sum", "sum"});
    CHECK(round.order.scale == Approx(std::pow(10, 0.3)));
    CHECK(testbed.scheduler.tallies()[0].refused == 2);
    CHECK(testbed.sum().order.scale == 1);
}

TEST_CASE(
    "a sum is given up after all attempts, with the last reason and whoever was most at fault") {
    auto testbed = over_radios();
    testbed.sum();
    testbed.ends.fail_burst(3, 1, BurstState::late);
    testbed.ends.fail_burst(6, 1, BurstState::underflowed);
    testbed.ends.lose_burst(9);
    try {
        testbed.sum();
        FAIL("expected no whole round");
    } catch (const NoWholeRound& failure) {
        CHECK(std::string(failure.what()) ==
              "radios: no whole round in 3 attempts: server: did not find the burst");
        CHECK(failure.device() == std::size_t{1});
    }
    CHECK(testbed.ends.orders.size() == 10);
}

TEST_CASE("soundings that nobody hears are given up, and are nobody's fault") {
    auto testbed = over_radios();
    for (int round = 0; round < 3; ++round)
        testbed.ends.lose_burst(round);
    try {
        testbed.sum();
        FAIL("expected no whole round");
    } catch (const NoWholeRound& failure) {
        CHECK_FALSE(failure.device());
    }
    CHECK(testbed.rounds() == Names{"acquisition", "acquisition", "acquisition"});
    CHECK(testbed.ends.settled.empty());
}

TEST_CASE("radios that may not transmit have no rules") {
    Config config = scheduled_testbed();
    config.radios.transmit = false;
    CHECK_THROWS_WITH(radio_rules(config, 0),
                      "radios.transmit: expected true, for a sum is sent, found false");
}

// ---- over an emulated air ----

TEST_CASE("over an emulated air one sounding has offsets and channels, and no age") {
    Testbed testbed(rules_of_emulation(scheduled_testbed(), 1000));
    testbed.sum();
    CHECK(testbed.rounds() == Names{"acquisition", "sum"});
    testbed.ends.time = 1000000000;
    testbed.ends.evm = 5;
    testbed.sum();
    testbed.sum();
    CHECK(testbed.rounds() == Names{"sum", "sum"});
    testbed.scheduler.renew();
    testbed.sum();
    CHECK(testbed.rounds() == Names{"sounding", "sum"});
}

TEST_CASE("over an emulated air the channel is sounded again from the second failure on") {
    Config config = scheduled_testbed();
    config.waveform.attempts = 5;
    Testbed testbed(rules_of_emulation(config, 1000), calibration(), config);
    testbed.sum();
    testbed.rounds();
    for (const int sum : {2, 3, 5})
        testbed.ends.lose_burst(sum);
    SECTION("and designed for") {
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "sum", "sounding", "sum", "sounding", "sum"});
        CHECK(testbed.ends.settled.size() == 6);
    }
    SECTION("or, where the sounding is not found, the last design goes on") {
        testbed.ends.lose_burst(4);
        testbed.ends.lose_burst(6);
        testbed.sum();
        CHECK(testbed.rounds() == Names{"sum", "sum", "sounding", "sum", "sounding", "sum"});
        CHECK(testbed.ends.settled.size() == 2);
        CHECK(testbed.scheduler.faults().size() == 5);
    }
    for (const RoundOrder& order : testbed.ends.orders)
        CHECK(order.header_antenna == 0);
}

TEST_CASE("over an emulated air headers come from one antenna after the other until one is heard") {
    Testbed testbed(rules_of_emulation(scheduled_testbed(), 1000));
    const auto deaf = [](std::vector<DeviceReport>& reports) { reports[0].header_found = false; };
    testbed.ends.device_scripts[0] = deaf;
    testbed.sum();
    // Offsets are not known before all headers were heard.
    CHECK(testbed.rounds() == Names{"acquisition", "acquisition", "sum"});
    CHECK(testbed.ends.orders[1].header_antenna == 1);
    CHECK(testbed.ends.orders[2].header_antenna == 1);
    testbed.scheduler.renew();
    testbed.ends.lose_burst(3);
    testbed.sum();
    CHECK(testbed.rounds() == Names{"sounding", "sounding", "sum"});
    CHECK(testbed.ends.orders[3].header_antenna == 0);
    CHECK(testbed.ends.orders[5].header_antenna == 1);
    testbed.scheduler.renew();
    for (int round = 6; round < 9; ++round)
        testbed.ends.device_scripts[round] = deaf;
    CHECK_THROWS_WITH(testbed.sum(), "waveform: no whole round in 3 attempts: device '" +
                                         testbed.config.devices[0].name +
                                         "': did not find the header");
}

TEST_CASE("oscillators that run by one clock need no headers") {
    Testbed testbed(rules_of_emulation(scheduled_testbed(), 0));
    testbed.ends.time = 700;
    testbed.sum();
    REQUIRE(testbed.ends.orders.size() == 2);
    for (const RoundOrder& order : testbed.ends.orders) {
        CHECK(order.headers.empty());
        CHECK(order.burst == 700 + static_cast<Ticks>(WaveformAir::lead()));
    }
}

// ---- times ----

/// Of a payload whose burst and header have lengths that a test can ask for.
struct Clock {
    explicit Clock(const RoundTiming& timing)
        : format(burst_format(scheduled_testbed())),
          header(static_cast<Ticks>(format.header_samples())),
          burst(static_cast<Ticks>(burst_samples(format, payload))),
          clock(format, payload, 10e6, timing) {}

    phy::Payload payload{length, 1, std::nullopt};
    phy::BurstFormat format;
    Ticks header, burst;
    RoundClock clock;
};

TEST_CASE("radios' rounds keep to their grid, and leave out whole intervals once they are behind") {
    Clock of(radio_rules(scheduled_testbed(), start).timing);
    const auto first = of.clock.next(/*sounding=*/false, /*acquire=*/false, 0);
    CHECK(first.number == 0);
    CHECK(first.headers == std::vector<Ticks>{start});
    CHECK(first.burst == start + of.header + 20000);
    const Ticks end = first.burst + of.burst + static_cast<Ticks>(window_tail);
    CHECK(of.clock.end() == end);
    const auto second = of.clock.next(/*sounding=*/true, /*acquire=*/false, first.burst - 200000);
    CHECK(second.number == 1);
    CHECK(second.sounding);
    CHECK(second.headers == std::vector<Ticks>{end + 200000});
    CHECK(second.burst == end + 200000 + of.header + 20000);
    CHECK(of.clock.end() == second.burst + static_cast<Ticks>(of.format.sounding_samples()) +
                                static_cast<Ticks>(window_tail));
    // 5 intervals after the one due there are 200000 ticks ahead, as radios need them.
    const Ticks due = of.clock.end() + 200000;
    const auto behind = of.clock.next(false, false, due + 4 * 200000 - 1);
    CHECK(behind.headers[0] == due + 5 * 200000);
    const Ticks next_due = of.clock.end() + 200000;
    CHECK(of.clock.next(false, false, next_due - 200000).headers[0] == next_due);
}

TEST_CASE("headers that find offsets come further and further apart") {
    const bool emulated = GENERATE(false, true);
    const RoundTiming timing = emulated ? rules_of_emulation(scheduled_testbed(), 1000).timing
                                        : radio_rules(scheduled_testbed(), start).timing;
    Clock of(timing);
    const auto order = of.clock.next(true, /*acquire=*/true, 0);
    REQUIRE(order.headers.size() == 24);
    for (std::size_t i = 1; i < order.headers.size(); ++i) {
        CAPTURE(emulated, i);
        const Ticks silence = order.headers[i] - order.headers[i - 1] - of.header;
        CHECK(silence == timing.header_gap + 1000 * static_cast<Ticks>(1 + i / 4));
    }
    const Ticks turnaround = emulated ? 0 : 4 * 20000;
    CHECK(order.burst == order.headers.back() + of.header + timing.header_gap + turnaround);
}

TEST_CASE("an emulated air's rounds follow one another, window after window") {
    const Config config = scheduled_testbed();
    const WaveformAir air(config, burst_format(config), {1, 1}, 1e-3);
    Clock of(rules_of_emulation(config, 1000).timing);
    const auto lead = static_cast<Ticks>(WaveformAir::lead());
    const auto window = [&](Ticks samples) {
        return static_cast<Ticks>(air.window(static_cast<std::size_t>(samples)));
    };
    const auto first = of.clock.next(false, false, 123);
    CHECK(first.headers == std::vector<Ticks>{123 + lead});
    CHECK(first.burst == 123 + window(of.header) + 20000 + lead);
    CHECK(of.clock.end() == first.burst - lead + window(of.burst));
    // A round whose header nobody heard is over before its time.
    const auto second = of.clock.next(true, false, 123 + window(of.header));
    CHECK(second.headers == std::vector<Ticks>{123 + window(of.header) + lead});
    CHECK(second.burst == 123 + 2 * window(of.header) + lead);
    // What was a way down is a header of long before.
    const auto third = of.clock.next(false, false, 5000000, {90000, {}});
    CHECK(third.burst == third.headers.back() + 90000);
    CHECK(of.clock.next(false, false, 7000000, {1, {}}).burst ==
          7000000 + window(of.header) + 20000 + lead);
    // And one that devices have heard is not sent again.
    const auto fourth = of.clock.next(false, false, 8000000, {5000, 7999000});
    CHECK(fourth.headers == std::vector<Ticks>{7999000});
    CHECK(fourth.burst == 7999000 + 5000);
    CHECK(of.clock.next(false, false, 9000000, {5000, 8000000}).burst == 9000000 + lead);
}

TEST_CASE("a round whose confidence is too low, or no number, does not count") {
    RoundOrder order;
    ServerReport server;
    server.header.state = BurstState::acknowledged;
    server.window.state = WindowState::whole;
    server.found = true;
    const auto fault = [&](double confidence) {
        server.confidence = confidence;
        return fault_of(order, {}, {}, {}, server, 0.5);
    };
    CHECK_FALSE(fault(0.5));
    for (const double confidence : {0.49, std::numeric_limits<double>::quiet_NaN(),
                                    -std::numeric_limits<double>::infinity()}) {
        REQUIRE(fault(confidence));
        CHECK(fault(confidence)->what == "server: the sum lacked a device, or had one twice");
    }
    order.sounding = true;
    CHECK_FALSE(fault(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("seconds are the nearest tick") {
    CHECK(ticks_of(20e-6, 10e6) == 200);
    CHECK(ticks_of(1.00004e-3, 10e6) == 10000);
    CHECK(ticks_of(1.00006e-3, 10e6) == 10001);
}

}  // namespace
}  // namespace aircomp::runtime
