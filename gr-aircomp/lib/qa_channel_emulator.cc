// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator as a block: streams, links, settings by call and by message.
#include <gnuradio/aircomp/channel_emulator.h>

#include <algorithm>

#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

/// Largest distance of samples from `first` to before `last` from `expected`.
float distance(const Samples& samples, std::size_t first, std::size_t last, Sample expected) {
    float most = 0;
    for (std::size_t i = first; i < last; ++i)
        most = std::max(most, std::abs(samples.at(i) - expected));
    return most;
}

TEST_CASE("streams add up at every receive antenna over their links") {
    const auto emulator = channel_emulator::make(1e6, {1, 1}, {2}, 0);
    emulator->set_link(1, 0, {0, 3}, {{0.5, 0}, {0, 1}});
    emulator->set_link(1, 1, {}, {});
    Bench bench(emulator);
    bench.source(Samples(3000, 1), 0);
    bench.source(Samples(3000, Sample(0, 2)), 1);
    const auto first = bench.sink(0), second = bench.sink(1);
    bench.top().run();
    const std::size_t lag = emulator->latency();
    CHECK(distance(first->data(), lag, 3000, Sample(1, 2)) < 1e-5F);
    CHECK(distance(second->data(), lag + 64, 3000, Sample(0.5F, 1)) < 1e-5F);
    CHECK(std::abs(emulator->response(1, 0, 0) - std::complex<double>(0.5, 1)) < 1e-6);
    CHECK_THROWS_AS(emulator->set_link(2, 0, {0}, {1}), std::invalid_argument);
    CHECK_THROWS_AS(emulator->set_link(0, 0, {0, 1}, {1}), std::invalid_argument);
}

TEST_CASE("a message with `at` changes a radio from that sample on") {
    const auto emulator = channel_emulator::make(1e6, {1, 1}, {1}, 0);
    Bench bench(emulator);
    bench.source(Samples(9000, 1), 0);
    bench.source(Samples(9000, 2), 1);
    bench.post("settings",
               dictionary({{"transmitter", number(1)}, {"on", pmt::PMT_F}, {"at", number(5000)}}));
    bench.post("settings", dictionary({{"noise_power", pmt::from_double(-1)}}));
    const auto sink = bench.sink();
    bench.top().run();
    const std::size_t lag = emulator->latency();
    CHECK(distance(sink->data(), lag, 5000 + lag, 3) < 1e-5F);
    CHECK(distance(sink->data(), 5000 + lag, 9000, 1) < 1e-5F);
}

TEST_CASE("settings of which one is wrong change nothing") {
    const auto emulator = channel_emulator::make(1e6, {1}, {1}, 0);
    Bench bench(emulator);
    bench.source(Samples(3000, 1));
    const auto sink = bench.sink();
    bench.post("settings",
               dictionary({{"noise_power", pmt::from_double(5)}, {"transmitter", number(9)}}));
    bench.post("settings", dictionary({{"noise_power", pmt::from_double(5)},
                                       {"transmitter", number(0)},
                                       {"on", pmt::PMT_F},
                                       {"delays", pmt::mp("none")}}));
    bench.top().run();
    CHECK(distance(sink->data(), emulator->latency(), 3000, 1) < 1e-5F);
}

TEST_CASE("a receiver's first sample is tagged with its time, in every run") {
    const auto emulator = channel_emulator::make(1e6, {1}, {1, 1}, 0);
    Bench bench(emulator);
    const auto source = bench.source(Samples(50000, 1));
    const auto first = bench.sink(0), second = bench.sink(1);
    for (int run = 0; run < 2; ++run) {
        bench.top().run();
        for (const auto& sink : {first, second}) {
            const std::vector<gr::tag_t> tags = sink->tags();
            REQUIRE(tags.size() == 1);
            CHECK(tags[0].offset == 0);
            CHECK(pmt::equal(tags[0].key, pmt::mp("rx_time")));
            CHECK(pmt::equal(tags[0].value,
                             pmt::make_tuple(pmt::from_uint64(0), pmt::from_double(0))));
            sink->reset();
        }
        source->rewind();
    }
}

TEST_CASE("an emulator that is started again gives the same samples again") {
    const auto emulator = channel_emulator::make(1e6, {1}, {1}, 0.1);
    emulator->set_carrier_offsets({1000});
    emulator->set_linewidths({100});
    Bench bench(emulator);
    const auto source = bench.source(Samples(5000, 1));
    const auto sink = bench.sink();
    bench.top().run();
    const Samples first = sink->data();
    sink->reset();
    source->rewind();
    bench.top().run();
    CHECK(first.size() == 5000);
    CHECK((sink->data() == first));
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
