// SPDX-License-Identifier: GPL-3.0-or-later
// Decoding with the dimensions of TinyLlama (1.1 billion parameters) on one device, against the
// read bandwidth of the memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <thread>

#include "aircomp/inference/decode_benchmark.hpp"
#include "aircomp/inference/random_model.hpp"

using namespace aircomp::inference;

namespace {

void decode(benchmark::State& state, DataType type) {
    RandomModelOptions options;
    options.type = type;
    const Checkpoint checkpoint = random_model(tinyllama_dimensions(), options);
    const auto threads = static_cast<int>(state.range(0));
    DecodeSpeed speed;
    for (auto _ : state)
        speed = measure_decode_speed(checkpoint, threads, 20);
    state.counters["tokens_per_s"] = speed.tokens_per_s;
    state.counters["weights_GB_per_s"] = speed.tokens_per_s * speed.weight_bytes_per_token / 1e9;
    state.counters["bandwidth_GB_per_s"] = speed.read_bytes_per_s / 1e9;
    state.counters["bandwidth_fraction"] = speed.bandwidth_fraction;
}

const auto all_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));

}  // namespace

BENCHMARK_CAPTURE(decode, F32, DataType::f32)
    ->ArgName("threads")
    ->Arg(all_threads)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(decode, BF16, DataType::bf16)
    ->ArgName("threads")
    ->Arg(all_threads)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

BENCHMARK_MAIN();
