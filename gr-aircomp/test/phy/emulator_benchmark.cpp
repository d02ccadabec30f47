// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator's speed beside a plain copy of the same samples and, where GNU Radio is
// there, beside its channel model and its OFDM blocks. One thread; samples per second at the
// receiver.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "gnuradio/aircomp/phy/noise.hpp"

using namespace gr::aircomp::phy;

namespace {

constexpr std::size_t length = 16384;
using Stream = std::vector<Sample>;

void count_samples(benchmark::State& state) {
    state.counters["Msps"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * length * 1e-6, benchmark::Counter::kIsRate);
}

void copy(benchmark::State& state) {
    Stream in(length, 1.0F);
    Stream out(length);
    for ([[maybe_unused]] auto _ : state) {
        std::memcpy(static_cast<void*>(out.data()), in.data(), length * sizeof(Sample));
        benchmark::ClobberMemory();
    }
    count_samples(state);
}
BENCHMARK(copy);

void noise(benchmark::State& state) {
    Stream out(length);
    NoiseGenerator generator(1);
    for ([[maybe_unused]] auto _ : state) {
        generator.fill(out, 1.0F);
        benchmark::ClobberMemory();
    }
    count_samples(state);
}
BENCHMARK(noise);

/// Devices of one antenna, receive antennas of one radio, paths of every link, Doppler spread in
/// Hz.
void emulator(benchmark::State& state) {
    const auto devices = static_cast<std::size_t>(state.range(0));
    const auto antennas = static_cast<std::size_t>(state.range(1));
    EmulatorConfig config;
    config.transmitter_antennas.assign(devices, 1);
    config.receiver_antennas = {antennas};
    ChannelEmulator emulator(config);
    DelayProfile profile;
    profile.paths = static_cast<std::size_t>(state.range(2));
    profile.step = 1.3;
    profile.spread_hz = static_cast<double>(state.range(3));
    for (std::size_t r = 0; r < antennas; ++r) {
        for (std::size_t k = 0; k < devices; ++k)
            emulator.set_link(r, k, draw_paths(profile, r * devices + k));
    }
    for (std::size_t k = 0; k < devices; ++k) {
        RadioImpairments impairments;
        impairments.carrier_offset_hz = 500.0 + 100.0 * static_cast<double>(k);
        impairments.sampling_offset_ppm = 5.0 + static_cast<double>(k);
        impairments.timing_offset = 0.3 * static_cast<double>(k);
        impairments.linewidth_hz = 10;
        emulator.set_transmitter(k, impairments);
    }
    emulator.set_noise_power(0.01);
    const std::vector<Stream> in(devices, Stream(length, 1.0F));
    std::vector<Stream> out(antennas, Stream(length));
    const std::vector<gsl::span<const Sample>> transmit(in.begin(), in.end());
    const std::vector<gsl::span<Sample>> receive(out.begin(), out.end());
    for ([[maybe_unused]] auto _ : state)
        emulator.process(transmit, receive);
    count_samples(state);
}
BENCHMARK(emulator)
    ->ArgNames({"devices", "antennas", "paths", "doppler"})
    ->Args({1, 1, 3, 0})
    ->Args({4, 1, 1, 0})
    ->Args({4, 1, 3, 0})
    ->Args({4, 1, 3, 50})
    ->Args({8, 1, 3, 0})
    ->Args({4, 4, 3, 0})
    ->Args({8, 4, 3, 0});

}  // namespace
