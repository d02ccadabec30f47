// SPDX-License-Identifier: GPL-3.0-or-later
// Times tokens and plain reads of memory in turn, and the arithmetic of an MLP.
#include "aircomp/inference/decode_benchmark.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "weights/huge_buffer.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t probe_bytes = std::size_t{1} << 29;  // far beyond any cache

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
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

/// Decodes one sequence, every all-reduce being a plain addition.
class Decoder {
public:
    Decoder(const Checkpoint& checkpoint, int threads, std::int64_t capacity)
        : config_(checkpoint.config()),
          coordinator_(checkpoint, threads),
          device_(checkpoint, whole_model(config_), threads),
          cache_(config_, whole_model(config_), capacity),
          x_(static_cast<std::size_t>(config_.hidden_size)),
          partial_(x_.size()),
          logits_(static_cast<std::size_t>(config_.vocabulary_size)) {}

    /// Returns the most likely token after `token`.
    Token step(Token token) {
        coordinator_.embed({&token, 1}, x_);
        for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
            device_.attention_partial(layer, x_, position_, cache_, partial_);
            add_partial();
            device_.mlp_partial(layer, x_, partial_);
            add_partial();
        }
        ++position_;
        coordinator_.logits(x_, logits_);
        return static_cast<Token>(std::max_element(logits_.begin(), logits_.end()) -
                                  logits_.begin());
    }

    std::size_t weight_bytes() const {
        return coordinator_.weight_bytes() + device_.weight_bytes();
    }

private:
    void add_partial() {
        for (std::size_t i = 0; i < x_.size(); ++i)
            x_[i] += partial_[i];
    }

    ModelConfig config_;
    CoordinatorModel coordinator_;
    DeviceModel device_;
    KvCache cache_;
    std::int64_t position_ = 0;
    std::vector<float> x_;
    std::vector<float> partial_;
    std::vector<float> logits_;
};

}  // namespace

DecodeSpeed measure_decode_speed(const Checkpoint& checkpoint, int threads, int tokens) {
    if (tokens < 1) {
        throw std::invalid_argument("decode benchmark: expected at least 1 token, found " +
                                    std::to_string(tokens));
    }
    const HugeBuffer probe(probe_bytes);
    std::fill(probe.bytes().begin(), probe.bytes().end(), std::byte{1});
    ThreadPool readers(threads);
    Decoder decoder(checkpoint, threads, tokens + 1);
    const auto bytes = static_cast<double>(decoder.weight_bytes());

    std::vector<double> seconds, bandwidths, fractions;
    Token token = decoder.step(0);  // not timed: makes pages and threads ready
    double before = measure_read_bandwidth(probe.bytes(), readers);
    for (int i = 0; i < tokens; ++i) {
        const auto start = Clock::now();
        token = decoder.step(token);
        seconds.push_back(seconds_since(start));
        const double after = measure_read_bandwidth(probe.bytes(), readers);
        bandwidths.push_back(after);
        fractions.push_back(bytes / seconds.back() / ((before + after) / 2));
        before = after;
    }
    return {1 / median(seconds), bytes, median(bandwidths), median(fractions)};
}

ModelConfig tinyllama_dimensions() {
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 32000;
    config.hidden_size = 2048;
    config.ffn_size = 5632;
    config.layers = 22;
    config.heads = 32;
    config.kv_heads = 4;
    config.head_dim = 64;
    config.context = 2048;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    config.bos_token = 1;
    config.eos_tokens = {2};
    return config;
}

double measure_compute_rate(int threads) {
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
    const DeviceModel model(checkpoint, whole, threads);
    std::vector<float> x(512, 1.0F), partial(512);
    model.mlp_partial(0, x, partial);  // Weights become resident.
    const auto begin = Clock::now();
    int calls = 0;
    double elapsed_s = 0;
    do {
        model.mlp_partial(0, x, partial);
        ++calls;
        elapsed_s = seconds_since(begin);
    } while (elapsed_s < 0.05);
    return calls * site_flops(dimensions, whole, SiteKind::mlp, 0, 1) / elapsed_s;
}

}  // namespace aircomp::inference
