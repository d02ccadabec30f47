// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between rounds and a radio: windows cut at their ticks, bursts within their limits,
// headers that give a round its turn.
#include <gnuradio/aircomp/header_source.h>
#include <gnuradio/aircomp/header_tracker.h>
#include <gnuradio/aircomp/transmit_guard.h>
#include <gnuradio/aircomp/window_cutter.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

gr::tag_t rx_time(uint64_t offset, uint64_t seconds, double fraction) {
    gr::tag_t tag;
    tag.offset = offset;
    tag.key = pmt::mp("rx_time");
    tag.value = pmt::make_tuple(pmt::from_uint64(seconds), pmt::from_double(fraction));
    return tag;
}

Samples ramp(std::size_t count) {
    Samples samples;
    for (std::size_t i = 0; i < count; ++i)
        samples.emplace_back(static_cast<float>(i) / 1024, 0.0F);
    return samples;
}

/// A cutter of a stream at 1 kHz whose samples were received at these times.
struct Cutting {
    explicit Cutting(const std::vector<gr::tag_t>& times) {
        bench.top().connect(gr::blocks::vector_source_c::make(ramp(100), false, 1, times), 0,
                            cutter, 0);
        bench.post(
            "expect",
            dictionary({{"round", number(9)}, {"time", number(2030)}, {"samples", number(20)}}));
    }

    window_cutter::sptr cutter = window_cutter::make(1000, 1, 0);
    Bench bench{cutter};
    gr::blocks::message_debug::sptr windows = bench.keep("windows");
    gr::blocks::message_debug::sptr reports = bench.keep("reports");
};

TEST_CASE("a window begins at the tick that was asked for, whatever came before") {
    Cutting cutting({rx_time(0, 1, 0.5), rx_time(40, 2, 0.03)});
    cutting.bench.run_until([&] { return cutting.reports->num_messages() == 1; });
    const Samples all = ramp(100);
    CHECK(samples_of(cutting.windows->get_message(0)) ==
          Samples(all.begin() + 40, all.begin() + 60));
    CHECK(pmt::to_uint64(entry(cutting.windows->get_message(0), "round")) == 9);
    CHECK(pmt::eq(entry(cutting.reports->get_message(0), "state"), pmt::mp("whole")));
    CHECK(real(cutting.reports->get_message(0), "peak_dbfs") ==
          Approx(20 * std::log10(59.0 / 1024)));
}

TEST_CASE("a window within which samples were lost is reported, not handed on") {
    Cutting cutting({rx_time(40, 2, 0.03), rx_time(50, 2, 0.045)});
    cutting.bench.run_until([&] { return cutting.reports->num_messages() == 1; });
    CHECK(pmt::eq(entry(cutting.reports->get_message(0), "state"), pmt::mp("overflowed")));
    CHECK(cutting.windows->num_messages() == 0);
}

TEST_CASE("windows of a continuous stream lie where its one time tag says, overlapping or not") {
    const auto cutter = window_cutter::make(1000, 1, 0);
    Bench bench(cutter);
    bench.top().connect(gr::blocks::vector_source_c::make(ramp(100), false, 1, {rx_time(0, 2, 0)}),
                        0, cutter, 0);
    cutter->set_max_noutput_items(7);
    const auto windows = bench.keep("windows"), reports = bench.keep("reports");
    const auto ask = [&](uint64_t round, uint64_t time, uint64_t samples) {
        bench.post("expect", dictionary({{"round", number(round)},
                                         {"time", number(time)},
                                         {"samples", number(samples)}}));
    };
    ask(0, 1990, 20);  // Begins before the stream.
    ask(1, 2010, 30);
    ask(2, 2025, 40);
    ask(3, 2098, 5);  // Takes the place of ...
    ask(3, 2090, 10);
    bench.run_until([&] { return reports->num_messages() == 4; });
    REQUIRE(windows->num_messages() == 3);
    const Samples all = ramp(100);
    for (const auto& [index, first, count] :
         {std::tuple(std::size_t{0}, 10, 30), {1, 25, 40}, {2, 90, 10}})
        CHECK(samples_of(windows->get_message(index)) ==
              Samples(all.begin() + first, all.begin() + first + count));
    CHECK(pmt::eq(entry(reports->get_message(0), "state"), pmt::mp("missing")));
    CHECK(pmt::to_uint64(entry(reports->get_message(0), "round")) == 0);
}

TEST_CASE("windows of a stream without times, of another rate, or too many, are missing") {
    const auto cutter = window_cutter::make(50, 1, 0);
    Bench bench(cutter);
    gr::tag_t rate = rx_time(0, 0, 0);
    rate.key = pmt::mp("rx_rate");
    rate.value = pmt::from_double(51);
    const bool timed = GENERATE(true, false);
    std::vector<gr::tag_t> tags;
    if (timed) tags = {rx_time(0, 1, 0), rate};
    bench.top().connect(gr::blocks::vector_source_c::make(ramp(200), false, 1, tags), 0, cutter, 0);
    const auto windows = bench.keep("windows"), reports = bench.keep("reports");
    for (uint64_t round = 0; round < 65; ++round)
        bench.post(
            "expect",
            dictionary({{"round", number(round)}, {"time", number(60)}, {"samples", number(10)}}));
    bench.run_until([&] { return reports->num_messages() == 65; });
    CHECK(windows->num_messages() == 0);
    for (std::size_t i = 0; i < 65; ++i) {
        CHECK(pmt::eq(entry(reports->get_message(i), "state"), pmt::mp("missing")));
        CHECK(pmt::to_uint64(entry(reports->get_message(i), "round")) == i);
    }
}

TEST_CASE("a time that is none is logged, and the window of a good one comes") {
    gr::tag_t wrong = rx_time(10, 0, 0), beyond = rx_time(20, 2, 7.5);
    wrong.value = pmt::from_double(12.5);
    Cutting cutting({wrong, beyond, rx_time(40, 2, 0.03)});
    cutting.bench.run_until([&] { return cutting.reports->num_messages() == 1; });
    REQUIRE(cutting.windows->num_messages() == 1);
    CHECK(samples_of(cutting.windows->get_message(0))[0] == ramp(100)[40]);
}

TEST_CASE("a guard takes as many samples of every antenna, a header's power is one") {
    Bench bench(transmit_guard::make(2, -20, -19));
    const auto bursts = bench.keep("bursts"), reports = bench.keep("reports");
    bench.post("bursts", pdu(dictionary({{"round", number(1)}}), Samples(7, 1)));
    bench.post("bursts", pdu(dictionary({{"round", number(2)}}), Samples(8, 0.5F)));
    bench.run_until([&] { return reports->num_messages() == 1; });
    REQUIRE(bursts->num_messages() == 1);
    CHECK(pmt::to_uint64(entry(bursts->get_message(0), "round")) == 2);
    for (const double power_w : {-1.0, std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_WITH(header_source::make(phy::BurstFormat(), 1, power_w),
                          Catch::Contains("header: power: expected at least 0"));
}

TEST_CASE("a burst louder than allowed, or not a number, does not pass the guard") {
    Bench bench(transmit_guard::make(2, -20, -19));
    const auto bursts = bench.keep("bursts"), reports = bench.keep("reports");
    const auto send = [&](const Samples& samples) {
        bench.post("bursts", pdu(dictionary({{"round", number(1)}}), samples));
    };
    send({1, 1, 0, 0});
    send({0, 0, 2, 2});
    send({std::numeric_limits<float>::quiet_NaN(), 0, 0, 0});
    send({1, -1, 0.5F, 0.5F});
    bench.run_until([&] { return reports->num_messages() == 4; });
    REQUIRE(bursts->num_messages() == 2);
    CHECK(std::abs(samples_of(bursts->get_message(0))[0]) == Approx(0.1));
    CHECK(real(reports->get_message(0), "mean_dbfs") == Approx(-20));
    CHECK(real(reports->get_message(1), "mean_dbfs") == Approx(-20 + 20 * std::log10(2.0)));
    for (const auto& [report, passed] : {std::pair(0, true), {1, false}, {2, false}, {3, true}})
        CHECK(pmt::to_bool(entry(reports->get_message(report), "passed")) == passed);
}

constexpr std::size_t lead = 32, tail = 64;

pmt::pmt_t order_of_two_headers(uint64_t round) {
    const std::vector<uint64_t> headers = {5000, 6000};
    return dictionary({{"round", number(round)},
                       {"new_reference", pmt::PMT_T},
                       {"headers", pmt::init_u64vector(2, headers)},
                       {"header_antenna", number(1)},
                       {"time", number(8000)}});
}

/// The server's burst of two headers, from its second antenna.
pmt::pmt_t header_burst(const phy::BurstFormat& format) {
    Bench bench(header_source::make(format, 2));
    const auto bursts = bench.keep("bursts");
    bench.post("rounds", pdu(order_of_two_headers(3), std::vector<float>()));
    bench.run_until([&] { return bursts->num_messages() == 1; });
    return bursts->get_message(0);
}

TEST_CASE("a round gets its turn when all of its headers were heard") {
    const phy::BurstFormat format;
    const pmt::pmt_t burst = header_burst(format);
    CHECK(pmt::to_uint64(entry(burst, "time")) == 5000);
    const Samples sent = samples_of(burst);
    const std::size_t length = 1000 + format.header_samples();
    REQUIRE(sent.size() == 2 * length);
    CHECK(std::all_of(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(length),
                      [](const Sample& sample) { return sample == Sample(); }));
    const bool both = GENERATE(true, false);
    Samples window(lead + length + tail);
    std::copy_n(sent.begin() + static_cast<std::ptrdiff_t>(length),
                both ? length : length - format.header_samples(), window.begin() + lead);

    Bench bench(header_tracker::make(format, 1, lead, tail, 1e6));
    const auto settings = bench.keep("settings"), vectors = bench.keep("vectors"),
               reports = bench.keep("reports");
    bench.post("rounds", pdu(order_of_two_headers(2), std::vector<float>(7)));
    bench.post("rounds", pdu(order_of_two_headers(3), std::vector<float>(8)));
    bench.post("windows",
               pdu(dictionary({{"round", number(3)}, {"time", number(5000 - lead)}}), window));
    bench.run_until([&] { return reports->num_messages() == 1; });
    CHECK(pmt::to_bool(entry(reports->get_message(0), "found")) == both);
    REQUIRE(vectors->num_messages() == (both ? 1 : 0));
    if (!both) return;
    CHECK(pmt::length(pmt::cdr(vectors->get_message(0))) == 8);
    CHECK(pmt::to_uint64(entry(settings->get_message(0), "round")) == 3);
    // One oscillator at both ends: nothing turns.
    CHECK(real(settings->get_message(0), "phase") == Approx(0).margin(0.05));
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
