// SPDX-License-Identifier: GPL-3.0-or-later
// Frame sync as a block: windows lie where bursts are, or on a grid, with the radio's time.
#include <gnuradio/aircomp/frame_sync.h>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

constexpr std::size_t cut = 2000, ahead = 50;

/// A header in weak noise at each of `starts`.
Samples headers_at(const phy::BurstFormat& format, const std::vector<std::size_t>& starts) {
    Samples header(format.header_samples());
    phy::write_header(format, 1, header);
    Samples stream(20000);
    unsigned state = 1;
    for (Sample& sample : stream) {
        state = state * 1664525U + 1013904223U;
        sample = Sample(static_cast<float>(state >> 16U) / 65536.0F - 0.5F, 0) * 0.01F;
    }
    for (const std::size_t start : starts) {
        for (std::size_t i = 0; i < header.size(); ++i)
            stream[start + i] += header[i];
    }
    return stream;
}

TEST_CASE("a window begins its margin before every burst and holds the stream's samples") {
    const phy::BurstFormat format;
    const std::vector<std::size_t> starts = {0, 3000, 9001};
    const Samples stream = headers_at(format, starts);
    const auto block = frame_sync::make(format, 1, cut, 0, ahead);
    Bench bench(block);
    gr::tag_t time;
    time.offset = 2500;
    time.key = pmt::mp("rx_time");
    time.value = pmt::make_tuple(number(7), pmt::from_double(0.25));
    bench.top().connect(gr::blocks::vector_source_c::make(stream, false, 1, {time}), 0, block, 0);
    const auto windows = bench.keep("windows");
    bench.run_until([&] { return windows->num_messages() == 3; });
    CHECK(block->windows() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        const pmt::pmt_t found = windows->get_message(i);
        CHECK(pmt::to_uint64(entry(found, "round")) == i);
        CHECK(pmt::to_uint64(entry(found, "start")) == starts[i]);
        const long first = pmt::to_long(entry(found, "first"));
        CHECK(first == static_cast<long>(starts[i]) - static_cast<long>(ahead));
        // Zeros stand in for what came before the stream.
        Samples expected(cut);
        for (long n = std::max(0L, first); n < first + static_cast<long>(cut); ++n)
            expected[static_cast<std::size_t>(n - first)] = stream[static_cast<std::size_t>(n)];
        CHECK(samples_of(found) == expected);
        CHECK(pmt::is_null(entry(found, "rx_time")) == (i == 0));
    }
    CHECK(pmt::to_uint64(entry(windows->get_message(2), "rx_time_at")) == 2500);
}

TEST_CASE("with a period, windows lie on a grid and antennas follow each other") {
    const auto block = frame_sync::make(phy::BurstFormat(), 2, cut, 3000);
    Bench bench(block);
    Samples ramp(7000);
    for (std::size_t i = 0; i < ramp.size(); ++i)
        ramp[i] = static_cast<float>(i);
    bench.source(ramp, 0);
    bench.source(Samples(7000, -1), 1);
    const auto windows = bench.keep("windows");
    bench.run_until([&] { return windows->num_messages() == 2; });
    const Samples second = samples_of(windows->get_message(1));
    REQUIRE(second.size() == 2 * cut);
    CHECK(second[0] == Sample(3000));
    CHECK(second[cut - 1] == Sample(3000 + cut - 1));
    CHECK(second[cut] == Sample(-1));
    CHECK_THROWS_AS(frame_sync::make(phy::BurstFormat(), 1, cut, cut - 1), std::invalid_argument);
}

TEST_CASE("frame sync that is started again counts rounds and samples from 0") {
    const std::size_t period = GENERATE(std::size_t{0}, std::size_t{3000});
    const phy::BurstFormat format;
    const auto block = frame_sync::make(format, 1, cut, period, ahead);
    Bench bench(block);
    const auto source = bench.source(headers_at(format, {1000, 7001}));
    const auto windows = bench.keep("windows");
    const std::size_t each = period == 0 ? 2 : 6;
    bench.run_until([&] { return windows->num_messages() == each; });
    source->rewind();
    bench.run_until([&] { return windows->num_messages() == 2 * each; });
    for (std::size_t i = 0; i < each; ++i) {
        CHECK(pmt::equal(windows->get_message(i), windows->get_message(each + i)));
        CHECK(pmt::to_uint64(entry(windows->get_message(each + i), "round")) == i);
    }
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
