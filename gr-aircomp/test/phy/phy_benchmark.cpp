// SPDX-License-Identifier: GPL-3.0-or-later
// Samples per second of pre- and post-processing, one thread, beside a copy of the same samples,
// and the time from a vector of 4096 reals to samples and back.
#include <benchmark/benchmark.h>

#include <cstring>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "signals.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr std::size_t length = 4096;
constexpr std::size_t margin = 64;

/// One device whose antennas reach the server's through a fixed random channel.
struct Chain {
    Chain(std::size_t transmit_antennas, std::size_t receive_antennas, std::size_t streams,
          std::size_t fft_size)
        : format(format_for(fft_size)),
          payload{length, streams, 5},
          transmitter(format, payload, transmit_antennas),
          samples(transmit_antennas * transmitter.burst_samples()),
          window(transmitter.burst_samples() + 2 * margin),
          receiver(format, payload, receive_antennas, window),
          received(receive_antennas * window),
          vector(test::gaussian(length, 1)),
          sum(length) {
        test::Noise random(2);
        const auto draw = [&random](std::size_t count) {
            std::vector<Sample> values;
            for (std::size_t i = 0; i < count; ++i)
                values.emplace_back(random.draw());
            return values;
        };
        precoders = draw(format.resource_blocks() * transmit_antennas * streams);
        combiners = draw(format.resource_blocks() * streams * receive_antennas);
        reference = draw(format.resource_blocks() * streams);
        send.scale = std::sqrt(2.0);
        send.precoders = precoders;
        receive.combiners = combiners;
        receive.pilot_reference = reference;
        receive.channel_reference = margin;
        transmitter.data_burst(vector, send, samples);
        for (std::size_t r = 0; r < receive_antennas; ++r) {
            std::copy_n(samples.begin(), transmitter.burst_samples(),
                        received.begin() + static_cast<std::ptrdiff_t>(r * window + margin));
        }
        random.add(received, 1e-3);
    }

    static BurstFormat format_for(std::size_t fft_size) {
        BurstFormat format;
        if (fft_size == 256) {
            format.fft_size = 256;
            format.guard_low = 28;
            format.guard_high = 27;
            format.pilots = 8;
        }
        return format;
    }

    BurstFormat format;
    Payload payload;
    Preprocessor transmitter;
    std::vector<Sample> samples;
    std::size_t window;
    Postprocessor receiver;
    std::vector<Sample> received;
    std::vector<float> vector, sum;
    std::vector<Sample> precoders, combiners, reference;
    TransmitSettings send;
    ReceiveSettings receive;
};

/// Sample instants a second, in millions, and the median's name in the table.
void count(benchmark::State& state, std::size_t instants) {
    state.counters["Msps"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * static_cast<double>(instants) / 1e6,
        benchmark::Counter::kIsRate);
}

Chain chain_of(const benchmark::State& state) {
    return {static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)),
            static_cast<std::size_t>(state.range(2)), static_cast<std::size_t>(state.range(3))};
}

void preprocess(benchmark::State& state) {
    Chain chain = chain_of(state);
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            chain.transmitter.data_burst(chain.vector, chain.send, chain.samples));
        benchmark::ClobberMemory();
    }
    count(state, chain.transmitter.burst_samples());
}

void postprocess(benchmark::State& state) {
    Chain chain = chain_of(state);
    if (!chain.receiver.process(chain.received, chain.receive, chain.sum).found) {
        state.SkipWithError("the burst was not found");
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(chain.receiver.process(chain.received, chain.receive, chain.sum));
        benchmark::ClobberMemory();
    }
    count(state, chain.window);
}

void copy_samples(benchmark::State& state) {
    Chain chain = chain_of(state);
    std::vector<Sample> target(chain.received.size());
    for (auto _ : state) {
        std::memcpy(target.data(), chain.received.data(), target.size() * sizeof(Sample));
        benchmark::DoNotOptimize(target.data());
        benchmark::ClobberMemory();
    }
    count(state, chain.window);
}

// Device antennas, server antennas, streams, subcarriers.
void sizes(benchmark::internal::Benchmark* bench) {
    bench->Args({1, 1, 1, 64})->Args({2, 4, 2, 64})->Args({1, 1, 1, 256})->Args({2, 4, 2, 256});
    bench->ArgNames({"Nt", "Nr", "L", "K"})->Unit(benchmark::kMicrosecond);
}
BENCHMARK(preprocess)->Apply(sizes);
BENCHMARK(postprocess)->Apply(sizes);
BENCHMARK(copy_samples)->Apply(sizes);

}  // namespace
}  // namespace gr::aircomp::phy
