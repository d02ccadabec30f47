// SPDX-License-Identifier: GPL-3.0-or-later
// lock() and unlock() of a running flowgraph: GNU Radio loses the samples that were on their way, and
// all tags. Blocks begin anew, and what comes out after that is right.
#include <gnuradio/aircomp/burst_timer.h>
#include <gnuradio/aircomp/frame_sync.h>
#include <gnuradio/aircomp/window_cutter.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>

#include <algorithm>

#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

constexpr uint64_t radio_rate = 1000000;
constexpr std::size_t grid = 2000;

/// As usrp_source: sample n is n, and was received at tick n; the first one after a start says so.
class counting_radio : public gr::sync_block {
public:
    counting_radio()
        : gr::sync_block("counting_radio", gr::io_signature::make(0, 0, 0),
                         gr::io_signature::make(1, 1, sizeof(gr_complex))) {}

    bool start() override {
        told_ = false;
        return true;
    }
    int work(int items, gr_vector_const_void_star&, gr_vector_void_star& outputs) override {
        if (!told_)
            add_item_tag(0, nitems_written(0), pmt::mp("rx_time"),
                         pmt::make_tuple(pmt::from_uint64(next_ / radio_rate),
                                         pmt::from_double(static_cast<double>(next_ % radio_rate) /
                                                          static_cast<double>(radio_rate))));
        told_ = true;
        auto* const out = static_cast<gr_complex*>(outputs[0]);
        for (int i = 0; i < items; ++i)
            out[i] = static_cast<float>(next_++);
        return items;
    }

private:
    uint64_t next_ = 0;
    bool told_ = false;
};

/// Lets the flowgraph run, and interrupts it when samples wait at the block's input.
template <typename Block>
void unlock_amid_samples(Bench& bench, const Block& block, uint64_t after) {
    bench.top().start();
    while (block->nitems_read(0) < after || block->detail()->input(0)->items_available() < 100)
        std::this_thread::yield();
    bench.top().lock();
    bench.top().unlock();
}

TEST_CASE("windows on a grid begin anew with unlock(), at round 0 and with their samples' time") {
    const auto sync = frame_sync::make(phy::BurstFormat(), 1, grid, grid);
    sync->set_max_noutput_items(64);
    Bench bench(sync);
    bench.top().connect(gnuradio::make_block_sptr<counting_radio>(), 0, sync, 0);
    const auto windows = bench.keep("windows");
    unlock_amid_samples(bench, sync, 10000);
    // However many there were before, for the machine may be busy, and two after it.
    std::size_t seen = 0, begins = 0, second = 0;
    bench.wait_until([&] {
        for (; seen < windows->num_messages(); ++seen) {
            if (pmt::to_uint64(entry(windows->get_message(seen), "round")) > 0) continue;
            ++begins;
            second = seen;
        }
        return begins == 2 && seen >= second + 2;
    });
    for (std::size_t i = 0; i < seen; ++i) {
        const pmt::pmt_t window = windows->get_message(i);
        if (pmt::to_uint64(entry(window, "round")) == 0)
            CHECK(pmt::to_long(entry(window, "first")) == 0);
        const pmt::pmt_t time = entry(window, "rx_time");
        const double tick =
            radio_rate * (static_cast<double>(pmt::to_uint64(pmt::tuple_ref(time, 0))) +
                          pmt::to_double(pmt::tuple_ref(time, 1))) +
            static_cast<double>(pmt::to_long(entry(window, "first"))) -
            static_cast<double>(pmt::to_uint64(entry(window, "rx_time_at")));
        CHECK(tick == Approx(samples_of(window)[0].real()).margin(0.01));
    }
}

TEST_CASE("windows of a radio that are asked for after unlock() lie at their ticks") {
    const auto cutter = window_cutter::make(radio_rate, 1, 0);
    cutter->set_max_noutput_items(64);
    Bench bench(cutter);
    bench.top().connect(gnuradio::make_block_sptr<counting_radio>(), 0, cutter, 0);
    const auto windows = bench.keep("windows");
    bench.post(
        "expect",
        dictionary({{"round", number(0)}, {"time", number(9000)}, {"samples", number(1000000)}}));
    unlock_amid_samples(bench, cutter, 10000);
    bench.post(
        "expect",
        dictionary({{"round", number(1)}, {"time", number(3000000)}, {"samples", number(1000)}}));
    bench.wait_until([&] { return windows->num_messages() == 1; });
    const Samples found = samples_of(windows->get_message(0));
    CHECK(found.front() == Sample(3000000));
    CHECK(found.back() == Sample(3000999));
}

TEST_CASE("a burst that was on its way to a radio at unlock() is dropped, the next one is whole") {
    const auto timer = burst_timer::make(radio_rate, 1000000, false);
    timer->set_max_noutput_items(64);  // Pieces: some 10 ms of them.
    Bench bench(timer);
    const auto sink = bench.sink();
    const auto send = [&](uint64_t round, std::size_t length) {
        bench.post("bursts", pdu(dictionary({{"round", number(round)}}),
                                 Samples(length, static_cast<float>(round))));
    };
    send(1, 1000000);
    bench.top().start();
    while (timer->nitems_written(0) == 0)
        std::this_thread::yield();
    bench.top().lock();
    bench.top().unlock();
    send(2, 10);
    bench.wait_until([&] { return !sink->data().empty() && sink->data().back() == Sample(2); });
    const Samples data = sink->data();
    CHECK(std::count(data.begin(), data.end(), Sample(2)) == 10);
    // After unlock() the sink counts from 0: nothing came before the second burst.
    const std::vector<gr::tag_t> tags = sink->tags();
    CHECK(std::count_if(tags.begin(), tags.end(), [](const gr::tag_t& tag) {
              return tag.offset == 0 && pmt::eqv(tag.key, pmt::mp("packet_len")) &&
                     pmt::to_long(tag.value) == 10;
          }) == 1);
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
