// SPDX-License-Identifier: GPL-3.0-or-later
// The burst timer: where bursts lie in a stream, which time they are tagged with, what is late.
#include <gnuradio/aircomp/burst_timer.h>

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

TEST_CASE("a burst timer counts what is too long, empty or past, and drops it") {
    const auto timer = burst_timer::make(1000, 10);
    Bench bench(timer);
    const auto sink = bench.sink();
    bench.post("bursts", pdu(dictionary({{"round", number(0)}}), Samples(11, 1)));
    bench.post("bursts", pdu(dictionary({{"round", number(0)}}), Samples()));
    bench.post("bursts", pdu(dictionary({{"round", number(0)}}), Samples(10, 1)));
    bench.post("bursts", pmt::mp("nonsense"));
    bench.run_until([&] { return sink->data().size() == 10 && timer->late() == 2; });
    CHECK_THROWS_WITH(burst_timer::make(0, 1), "burst_timer: rate: expected above 0, found 0");
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
