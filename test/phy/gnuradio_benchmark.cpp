// SPDX-License-Identifier: GPL-3.0-or-later
// GNU Radio's own channel model and OFDM blocks, for the same table as the emulator. A flowgraph
// from a null source through the blocks to a null sink; its scheduler has a thread per block.
#include <benchmark/benchmark.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/blocks/null_source.h>
#include <gnuradio/channels/channel_model.h>
#include <gnuradio/digital/ofdm_cyclic_prefixer.h>
#include <gnuradio/fft/fft_v.h>
#include <gnuradio/fft/window.h>
#include <gnuradio/top_block.h>

#include <vector>

namespace {

constexpr std::size_t samples = 4000000;

void count_samples(benchmark::State& state) {
    state.counters["Msps"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * static_cast<double>(samples) * 1e-6,
        benchmark::Counter::kIsRate);
}

/// One transmitter, noise, carrier and sampling offset, three taps: a quarter of the emulator's
/// work.
void gnuradio_channel_model(benchmark::State& state) {
    const std::vector<gr_complex> taps = {{0.8F, 0.1F}, {0.3F, -0.2F}, {0.1F, 0.1F}};
    for ([[maybe_unused]] auto _ : state) {
        const auto top = gr::make_top_block("channel_model");
        const auto source = gr::blocks::null_source::make(sizeof(gr_complex));
        const auto head = gr::blocks::head::make(sizeof(gr_complex), samples);
        const auto channel = gr::channels::channel_model::make(0.1, 1e-4, 1.00001, taps, 1);
        const auto sink = gr::blocks::null_sink::make(sizeof(gr_complex));
        top->connect(source, 0, head, 0);
        top->connect(head, 0, channel, 0);
        top->connect(channel, 0, sink, 0);
        top->run();
    }
    count_samples(state);
}
BENCHMARK(gnuradio_channel_model)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Inverse transform of 64 and prefix of 16.
void gnuradio_ofdm(benchmark::State& state) {
    const std::vector<float> window = gr::fft::window::rectangular(64);
    for ([[maybe_unused]] auto _ : state) {
        const auto top = gr::make_top_block("ofdm");
        const auto source = gr::blocks::null_source::make(64 * sizeof(gr_complex));
        const auto head = gr::blocks::head::make(64 * sizeof(gr_complex), samples / 80);
        const auto transform = gr::fft::fft_v<gr_complex, false>::make(64, window, true, 1);
        const auto prefix = gr::digital::ofdm_cyclic_prefixer::make(64, 80);
        const auto sink = gr::blocks::null_sink::make(sizeof(gr_complex));
        top->connect(source, 0, head, 0);
        top->connect(head, 0, transform, 0);
        top->connect(transform, 0, prefix, 0);
        top->connect(prefix, 0, sink, 0);
        top->run();
    }
    count_samples(state);
}
BENCHMARK(gnuradio_ofdm)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
