// SPDX-License-Identifier: GPL-3.0-or-later
// GNU Radio's own channel model and OFDM blocks, for the same table as the kernels. A flowgraph
// from a source through the blocks to a null sink; its scheduler has a thread per block: real_time
// is what all cores do, process_time what one would.
#include <benchmark/benchmark.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/keep_m_in_n.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/blocks/null_source.h>
#include <gnuradio/blocks/stream_to_tagged_stream.h>
#include <gnuradio/blocks/stream_to_vector.h>
#include <gnuradio/blocks/vector_source.h>
#include <gnuradio/channels/channel_model.h>
#include <gnuradio/digital/constellation.h>
#include <gnuradio/digital/ofdm_cyclic_prefixer.h>
#include <gnuradio/digital/ofdm_equalizer_simpledfe.h>
#include <gnuradio/digital/ofdm_frame_equalizer_vcvc.h>
#include <gnuradio/digital/ofdm_serializer_vcc.h>
#include <gnuradio/digital/ofdm_sync_sc_cfb.h>
#include <gnuradio/fft/fft_v.h>
#include <gnuradio/fft/window.h>
#include <gnuradio/top_block.h>

#include <algorithm>
#include <vector>

#include "gnuradio/aircomp/phy/noise.hpp"

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
BENCHMARK(gnuradio_channel_model)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

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
BENCHMARK(gnuradio_ofdm)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// Used subcarriers of the default burst: 52 around zero, of which four are pilots.
std::vector<int> used(bool pilots) {
    const std::vector<int> of_pilots = {-21, -7, 7, 21};
    std::vector<int> carriers;
    for (int k = -26; k <= 26; ++k) {
        const bool is_pilot = std::count(of_pilots.begin(), of_pilots.end(), k) > 0;
        if (k != 0 && is_pilot == pilots) carriers.push_back(k);
    }
    return carriers;
}

/// What GNU Radio's receiver does to a burst of 22 symbols: synchronisation, prefix off, transform,
/// equalisation by the pilots, data subcarriers out in order. One antenna.
void gnuradio_ofdm_receive(benchmark::State& state) {
    constexpr int symbols = 22;
    const std::vector<float> window = gr::fft::window::rectangular(64);
    std::vector<gr_complex> noise(80 * symbols);
    gr::aircomp::phy::NoiseGenerator(1).fill(noise, 1.0F);
    const std::vector<std::vector<int>> data = {used(false)}, pilots = {used(true)};
    const std::vector<std::vector<gr_complex>> known = {{1, 1, 1, -1}};
    for ([[maybe_unused]] auto _ : state) {
        const auto top = gr::make_top_block("ofdm_receive");
        const auto source = gr::blocks::vector_source_c::make(noise, true);
        const auto head = gr::blocks::head::make(sizeof(gr_complex), samples);
        const auto sync = gr::digital::ofdm_sync_sc_cfb::make(64, 16);
        const auto offset = gr::blocks::null_sink::make(sizeof(float));
        const auto trigger = gr::blocks::null_sink::make(sizeof(char));
        const auto cut = gr::blocks::keep_m_in_n::make(sizeof(gr_complex), 64, 80, 16);
        const auto vectors = gr::blocks::stream_to_vector::make(sizeof(gr_complex), 64);
        const auto transform = gr::fft::fft_v<gr_complex, true>::make(64, window, true, 1);
        const auto tags =
            gr::blocks::stream_to_tagged_stream::make(sizeof(gr_complex), 64, symbols, "length");
        const auto equaliser = gr::digital::ofdm_equalizer_simpledfe::make(
            64, gr::digital::constellation_qpsk::make()->base(), data, pilots, known);
        const auto equalise =
            gr::digital::ofdm_frame_equalizer_vcvc::make(equaliser->base(), 16, "length");
        const auto serialise = gr::digital::ofdm_serializer_vcc::make(64, data, "length");
        const auto sink = gr::blocks::null_sink::make(sizeof(gr_complex));
        top->connect(source, 0, head, 0);
        top->connect(head, 0, sync, 0);
        top->connect(sync, 0, offset, 0);
        top->connect(sync, 1, trigger, 0);
        top->connect(head, 0, cut, 0);
        top->connect(cut, 0, vectors, 0);
        top->connect(vectors, 0, transform, 0);
        top->connect(transform, 0, tags, 0);
        top->connect(tags, 0, equalise, 0);
        top->connect(equalise, 0, serialise, 0);
        top->connect(serialise, 0, sink, 0);
        top->run();
    }
    count_samples(state);
}
BENCHMARK(gnuradio_ofdm_receive)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(gnuradio_ofdm_receive)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
