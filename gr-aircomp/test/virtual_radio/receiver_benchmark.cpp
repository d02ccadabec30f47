// SPDX-License-Identifier: GPL-3.0-or-later
// How fast one board's window is computed while others send: samples a second of processor time.
#include <benchmark/benchmark.h>

#include <cmath>

#include "gnuradio/aircomp/phy/noise.hpp"
#include "receiver.hpp"

namespace {

using namespace gr::aircomp::virtual_radio;

constexpr Ticks period = 20;
constexpr std::size_t count = 100000;

/// `senders` boards send all the time; board 0 listens with `antennas`.
void receive(benchmark::State& state, bool impaired) {
    const auto senders = static_cast<std::size_t>(state.range(0));
    const auto antennas = static_cast<std::size_t>(state.range(1));
    AirConfig air = ideal_air(senders + 1, 1);
    air.boards[0].antennas = antennas;
    if (impaired) {
        air.link.fading = true;
        air.link.profile.paths = 3;
        for (BoardConfig& board : air.boards) {
            board.noise_power = 0.01;
            board.transmitter.carrier_offset_hz = board.receiver.carrier_offset_hz = 500;
            board.transmitter.sampling_offset_ppm = 1;
            board.transmitter.linewidth_hz = board.receiver.linewidth_hz = 10;
        }
    }
    Transmissions heard;
    for (std::size_t b = 1; b <= senders; ++b) {
        auto t = std::make_shared<Transmission>();
        t->board = b;
        t->start = 100 * period;
        t->period = period;
        t->samples.resize(count + 1000);
        gr::aircomp::phy::NoiseGenerator(b).fill(t->samples, 1.0F);
        heard.push_back(t);
    }
    Window window;
    window.start = 200 * period;
    window.period = period;
    window.count = count;
    for (std::size_t a = 0; a < antennas; ++a)
        window.antennas.push_back(a);
    window.tunings.resize(antennas);
    Receiver receiver(air, 0, air.tick_rate_hz, period);
    for (auto _ : state)
        benchmark::DoNotOptimize(receiver.receive(window, heard));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

void arguments(benchmark::internal::Benchmark* b) {
    b->ArgNames({"transmitters", "antennas"});
    for (const int transmitters : {1, 4, 8})
        b->Args({transmitters, 1});
    b->Args({4, 4});
}

BENCHMARK_CAPTURE(receive, ideal, false)->Apply(arguments);
BENCHMARK_CAPTURE(receive, impaired, true)->Apply(arguments);

}  // namespace

BENCHMARK_MAIN();
