// SPDX-License-Identifier: GPL-3.0-or-later
// Reads of memory and the arithmetic of an MLP, timed.
#include "aircomp/inference/machine_speed.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t probe_bytes = std::size_t{1} << 29;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Bytes per second at which `threads` read `memory` once.
double measure_read_bandwidth(gsl::span<const std::byte> memory, ThreadPool& threads) {
    constexpr std::int64_t lanes = 16;
    constexpr std::int64_t line_bytes = lanes * static_cast<std::int64_t>(sizeof(std::uint64_t));
    constexpr std::int64_t piece_lines = (1 << 20) / line_bytes;
    const std::int64_t lines = static_cast<std::int64_t>(memory.size()) / line_bytes;
    const std::byte* const bytes = memory.data();
    std::atomic<std::uint64_t> total{0};
    const auto start = Clock::now();
    threads.for_each_piece(lines, piece_lines, [&](std::int64_t begin, std::int64_t end) {
        std::array<std::uint64_t, lanes> sums{};
        for (std::int64_t line = begin; line < end; ++line) {
            std::array<std::uint64_t, lanes> words;
            std::memcpy(words.data(), bytes + line * line_bytes, sizeof words);
            for (std::size_t lane = 0; lane < lanes; ++lane)
                sums[lane] += words[lane];
        }
        // Kept, or the compiler would see that nobody needs the reads.
        total += std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
    });
    return static_cast<double>(lines * line_bytes) / seconds_since(start);
}

}  // namespace

struct ReadProbe::State {
    HugeBuffer memory{probe_bytes};
    ThreadPool threads;

    explicit State(int count) : threads(count) {}
};

ReadProbe::ReadProbe(int threads) : state_(std::make_unique<State>(threads)) {
    const auto bytes = state_->memory.bytes();
    std::fill(bytes.begin(), bytes.end(), std::byte{1});
}

ReadProbe::~ReadProbe() = default;

double ReadProbe::bytes_per_s() {
    return measure_read_bandwidth(state_->memory.bytes(), state_->threads);
}

double measure_compute_rate(int threads, const Compute& compute) {
    ModelConfig dimensions;
    dimensions.architecture = "LlamaForCausalLM";
    dimensions.vocabulary_size = 16;
    dimensions.hidden_size = 512;
    dimensions.ffn_size = 1408;
    dimensions.layers = 1;
    dimensions.heads = dimensions.kv_heads = 8;
    dimensions.head_dim = 64;
    dimensions.context = 8;
    dimensions.rms_norm_epsilon = 1e-5;
    dimensions.rope_theta = 10000;
    const auto checkpoint = random_model(dimensions);
    const Slice whole = whole_model(dimensions);
    const DeviceModel model(checkpoint, whole, threads, compute);
    std::vector<float> x(512, 1.0F), partial(512);
    model.mlp_partial(0, x, 0, partial);  // Weights become resident.
    const auto begin = Clock::now();
    int calls = 0;
    double elapsed_s = 0;
    do {
        model.mlp_partial(0, x, 0, partial);
        ++calls;
        elapsed_s = seconds_since(begin);
    } while (elapsed_s < 0.05);
    return calls * site_flops(dimensions, whole, SiteKind::mlp, 0, 1) / elapsed_s;
}

}  // namespace aircomp::inference
