// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs of a device's computing thread.
#include "daemon/device/slice_worker.hpp"

#include <chrono>

#include "aircomp/inference/random_model.hpp"

namespace aircomp::runtime::testbed {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

SliceWorker::SliceWorker(const inference::Checkpoint& checkpoint, int threads,
                         PartialCarrier& carrier, WorkerEvents events)
    : checkpoint_(checkpoint),
      threads_(threads),
      carrier_(carrier),
      events_(std::move(events)),
      thread_(events_.failed) {}

void SliceWorker::load(const control::Assignment& assignment) {
    thread_.submit([this, assignment] {
        const inference::Slice slice{{assignment.kv_begin, assignment.kv_end},
                                     {assignment.ffn_begin, assignment.ffn_end}};
        // The old slice goes first: memory may not hold both.
        cache_.reset();
        model_.reset();
        model_.emplace(checkpoint_, slice, threads_);
        cache_.emplace(checkpoint_.config(), slice, assignment.context);
        events_.loaded(assignment.epoch, model_->weight_bytes());
    });
}

void SliceWorker::start(const Round& round, bool one_at_a_time, std::vector<float> x) {
    thread_.submit([this, round, one_at_a_time, x = std::move(x)]() mutable {
        one_at_a_time_ = one_at_a_time;
        x_ = std::move(x);
        compute(round);
    });
}

void SliceWorker::add(const Round& round, std::vector<float> sum) {
    thread_.submit([this, round, sum = std::move(sum)] {
        for (std::size_t i = 0; i < x_.size(); ++i)
            x_[i] += sum[i];
        compute(round);
    });
}

void SliceWorker::repeat(const Round& round) {
    thread_.submit([this, round] { carrier_.carry(round, partial_, 0); });
}

void SliceWorker::compute(const Round& round) {
    const auto begin = std::chrono::steady_clock::now();
    partial_.resize(x_.size());
    if (round.site.kind == SiteKind::attention) {
        attention(round);
    } else {
        const auto length = static_cast<std::size_t>(round.length);
        const std::size_t step = one_at_a_time_ ? length : x_.size();
        for (std::size_t at = 0; at < x_.size(); at += step) {
            model_->mlp_partial(round.site.layer, gsl::span<const float>(x_).subspan(at, step),
                                gsl::span<float>(partial_).subspan(at, step));
        }
    }
    carrier_.carry(round, partial_, seconds_since(begin));
}

void SliceWorker::attention(const Round& round) {
    const auto length = static_cast<std::size_t>(round.length);
    const std::int64_t vectors = one_at_a_time_ ? 1 : round.vectors;
    const std::size_t step = static_cast<std::size_t>(vectors) * length;
    std::int64_t position = round.position;
    for (std::size_t at = 0; at < x_.size(); at += step, position += vectors) {
        model_->attention_partial(round.site.layer, gsl::span<const float>(x_).subspan(at, step),
                                  position, *cache_, gsl::span<float>(partial_).subspan(at, step));
    }
}

double measure_compute_rate(int threads) {
    inference::ModelConfig dimensions;
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
    const auto checkpoint = inference::random_model(dimensions);
    const inference::DeviceModel model(checkpoint, inference::whole_model(dimensions), threads);
    std::vector<float> x(512, 1.0F), partial(512);
    model.mlp_partial(0, x, partial);  // Weights become resident.
    const auto begin = std::chrono::steady_clock::now();
    int calls = 0;
    double elapsed_s = 0;
    do {
        model.mlp_partial(0, x, partial);
        ++calls;
        elapsed_s = seconds_since(begin);
    } while (elapsed_s < 0.05);
    return calls * 6.0 * 512 * 1408 / elapsed_s;
}

}  // namespace aircomp::runtime::testbed
