// SPDX-License-Identifier: GPL-3.0-or-later
// The burst timer: where bursts lie in a stream, which time they are tagged with, what is late.
#include <gnuradio/aircomp/burst_timer.h>

#include <algorithm>

#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

TEST_CASE("a continuous burst timer puts round n at n periods, zeros between") {
    const auto timer = burst_timer::make(1000, 6);
    Bench bench(timer);
    const auto sink = bench.sink();
    bench.post("bursts", pdu(dictionary({{"round", number(1)}}), Samples{3}));
    bench.post("bursts", pdu(dictionary({{"round", number(0)}}), Samples{1, 2}));
    bench.post("bursts", pdu(dictionary({{"round", number(5)}}), Samples{9}));
    bench.run_until([&] { return sink->data().size() == 12; });
    CHECK(sink->data() == Samples{1, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0});
    CHECK(timer->late() == 0);
}

TEST_CASE("a burst timer for radios sends bursts alone, tagged with whole ticks") {
    const auto timer = burst_timer::make(1000000, 300001, false, 5, "length");
    Bench bench(timer);
    const auto sink = bench.sink();
    bench.post("bursts", pdu(dictionary({{"round", number(10)}}), Samples(700, 1)));
    bench.run_until([&] { return sink->data().size() == 700; });
    REQUIRE(sink->tags().size() == 2);
    for (const gr::tag_t& tag : sink->tags()) {
        CHECK(tag.offset == 0);
        if (pmt::eq(tag.key, pmt::mp("length"))) {
            CHECK(pmt::to_long(tag.value) == 700);
            continue;
        }
        REQUIRE(pmt::eq(tag.key, pmt::mp("tx_time")));
        CHECK(pmt::to_uint64(pmt::tuple_ref(tag.value, 0)) == 5 + 3);
        CHECK(pmt::to_double(pmt::tuple_ref(tag.value, 1)) == Approx(10e-6).epsilon(1e-9));
    }
}

TEST_CASE("a burst that names its tick is sent then, from every antenna") {
    Bench bench(burst_timer::make(1000, 100, false, 5, "length", 2));
    const auto first = bench.sink(0), second = bench.sink(1);
    bench.post("bursts", pdu(dictionary({{"round", number(3)}, {"time", number(7003)}}),
                             Samples{1, 2, 3, 4}));
    bench.run_until([&] { return first->data().size() == 2 && second->data().size() == 2; });
    CHECK(first->data() == Samples{1, 2});
    CHECK(second->data() == Samples{3, 4});
    for (const gr::tag_t& tag : second->tags()) {
        if (!pmt::eq(tag.key, pmt::mp("tx_time"))) continue;
        CHECK(pmt::to_uint64(pmt::tuple_ref(tag.value, 0)) == 7);
        CHECK(pmt::to_double(pmt::tuple_ref(tag.value, 1)) == Approx(3e-3).epsilon(1e-9));
    }
    CHECK(second->tags().size() == 2);
}

TEST_CASE("a round whose burst is too long or none passes in silence, and the next goes on") {
    const auto timer = burst_timer::make(1000, 10);
    Bench bench(timer);
    const auto sink = bench.sink();
    bench.post("bursts", pmt::mp("nonsense"));
    bench.post("bursts", pdu(dictionary({{"round", number(0)}}), Samples(11, 1)));
    bench.post("bursts", pdu(dictionary({{"round", number(1)}}), Samples()));
    bench.post("bursts", pdu(dictionary({{"round", number(2)}}), Samples(10, 1)));
    bench.run_until([&] { return sink->data().size() == 30; });
    CHECK(timer->late() == 1);
    Samples expected(30);
    std::fill(expected.begin() + 20, expected.end(), Sample(1));
    CHECK(sink->data() == expected);
    CHECK_THROWS_WITH(burst_timer::make(0, 1), "burst_timer: rate: expected above 0, found 0");
}

TEST_CASE("a burst that goes out in pieces is whole, whichever round comes meanwhile") {
    constexpr std::size_t length = 1000000;
    const auto timer = burst_timer::make(1000, length, false);
    timer->set_max_noutput_items(64);  // Pieces: some 10 ms of them.
    Bench bench(timer);
    const auto sink = bench.sink();
    bench.post("bursts", pdu(dictionary({{"round", number(7)}}), Samples(length, 1)));
    bool posted = false;
    bench.run_until([&] {
        if (!posted && timer->nitems_written(0) > 0) {
            bench.post("bursts", pdu(dictionary({{"round", number(3)}}), Samples(10, 2)));
            posted = true;
        }
        return timer->nitems_written(0) == length + 10 && sink->data().size() == length + 10;
    });
    const Samples data = sink->data();
    REQUIRE(data.size() == length + 10);
    CHECK(std::count(data.begin(), data.begin() + length, Sample(1)) == length);
    CHECK(std::count(data.begin() + length, data.end(), Sample(2)) == 10);
}

TEST_CASE(
    "a burst whose time is of another type, or too late for 64 bits, is refused, not the next") {
    Bench bench(burst_timer::make(1000, 100, false));
    const auto sink = bench.sink();
    const auto send = [&](uint64_t round, const pmt::pmt_t& time) {
        pmt::pmt_t about = dictionary({{"round", number(round)}});
        if (time) about = pmt::dict_add(about, pmt::mp("time"), time);
        bench.post("bursts", pdu(about, Samples(5, static_cast<float>(round % 100))));
    };
    send(1, pmt::from_double(2.5));
    send(uint64_t{1} << 62, {});
    send(3, {});
    bench.run_until([&] { return sink->data().size() == 5; });
    CHECK(sink->data() == Samples(5, 3));
}

TEST_CASE("a burst timer that is started again begins at its first round") {
    const auto timer = burst_timer::make(1000, 4);
    Bench bench(timer);
    const auto sink = bench.sink();
    const auto send = [&](uint64_t round, float value) {
        bench.post("bursts", pdu(dictionary({{"round", number(round)}}), Samples(4, value)));
    };
    send(0, 1);
    send(2, 9);  // Waits for round 1, and belongs to the first run.
    bench.run_until([&] { return sink->data().size() == 4; });
    send(1, 8);  // As a straggler of the first run.
    sink->reset();
    bench.top().start();
    for (const uint64_t round : {0, 1, 2})
        send(round, static_cast<float>(2 + round));
    bench.wait_until([&] { return sink->data().size() == 12; });
    CHECK(sink->data() == Samples{2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4});
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
