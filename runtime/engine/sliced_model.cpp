// SPDX-License-Identifier: GPL-3.0-or-later
// One token's way through: partials, medium, residual, layer by layer.
#include "engine/sliced_model.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "aircomp/inference/slice_cost.hpp"
#include "coding/exact_sum.hpp"

namespace aircomp::runtime {
namespace {

int thread_count(const Config& config) {
    if (config.threads > 0) return config.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Throws unless every device's memory holds its slice and its KV cache. `centralized` is the model
/// on one device, however little it has: what the split is compared with.
void require_memory(const Config& config, const inference::ModelConfig& model,
                    const std::vector<inference::DeviceModel>& devices, std::int64_t context) {
    if (config.scheme == "centralized") return;
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const double needed = static_cast<double>(devices[n].weight_bytes()) +
                              inference::cache_bytes(model, devices[n].slice(), context);
        if (needed <= config.devices[n].memory_bytes) continue;
        std::ostringstream message;
        message << "devices[" << n << "].memory_bytes: " << config.devices[n].name
                << "'s slice and KV cache need " << static_cast<std::int64_t>(needed)
                << " bytes, it has " << static_cast<std::int64_t>(config.devices[n].memory_bytes);
        throw std::invalid_argument(message.str());
    }
}

}  // namespace

SlicedModel::SlicedModel(const inference::Checkpoint& checkpoint,
                         const std::vector<inference::Slice>& slices, const Config& config)
    : config_(config),
      model_(checkpoint.config()),
      context_(context_of(config, checkpoint.config())),
      slices_(slices),
      coordinator_(checkpoint, thread_count(config)),
      errors_(static_cast<std::size_t>(model_.sites())) {
    if (slices.size() != config.devices.size()) {
        throw std::invalid_argument(std::to_string(slices.size()) + " slices for " +
                                    std::to_string(config.devices.size()) + " devices");
    }
    for (const auto& slice : slices) {
        devices_.emplace_back(checkpoint, slice, thread_count(config));
        caches_.emplace_back(model_, slice, context_);
    }
    require_memory(config_, model_, devices_, context_);
    partials_.resize(devices_.size());
    reset_statistics();
}

void SlicedModel::reset_statistics() {
    std::fill(errors_.begin(), errors_.end(), SumError{});
    compute_ = {};
    compute_.device_energy_j.assign(devices_.size(), 0);
    tokens_ = 0;
}

void SumError::add(gsl::span<const float> sum, gsl::span<const float> exact) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const double difference = static_cast<double>(sum[i]) - exact[i];
        error += difference * difference;
        signal += static_cast<double>(exact[i]) * exact[i];
    }
}

double SlicedModel::nmse() const {
    SumError total;
    for (const SumError& site : errors_) {
        total.error += site.error;
        total.signal += site.signal;
    }
    return total.nmse();
}

std::vector<float> SlicedModel::forward(gsl::span<const inference::Token> tokens,
                                        std::int64_t position, Medium& medium, bool last_only) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    if (count == 0) throw std::invalid_argument("forward needs at least one token");
    if (position + count > context_) {
        throw std::length_error("the sequence needs " + std::to_string(position + count) +
                                " tokens, the context holds " + std::to_string(context_));
    }
    const auto d = static_cast<std::size_t>(model_.hidden_size);
    std::vector<float> x(tokens.size() * d);
    coordinator_.embed(tokens, x);
    const std::int64_t chunk = config_.model.prefill_chunk;
    for (std::int64_t begin = 0; begin < count; begin += chunk) {
        const std::int64_t size = std::min(chunk, count - begin);
        run_chunk(gsl::span<float>(x).subspan(static_cast<std::size_t>(begin) * d,
                                              static_cast<std::size_t>(size) * d),
                  position + begin, medium);
    }
    const std::size_t rows = last_only ? 1 : tokens.size();
    std::vector<float> logits(rows * static_cast<std::size_t>(model_.vocabulary_size));
    coordinator_.logits(gsl::span<const float>(x).last(rows * d), logits);
    medium.elapse(charge_head(config_, model_, static_cast<std::int64_t>(rows), compute_));
    tokens_ += count;
    return logits;
}

void SlicedModel::run_chunk(gsl::span<float> x, std::int64_t position, Medium& medium) {
    for (auto& partial : partials_)
        partial.resize(x.size());
    for (std::int64_t index = 0; index < model_.sites(); ++index) {
        const Site site = model_.site(index);
        for (std::size_t n = 0; n < devices_.size(); ++n)
            devices_[n].partial(site, x, position, caches_[n], partials_[n]);
        reduce(site, position, x, medium);
    }
}

void SlicedModel::reduce(Site site, std::int64_t position, gsl::span<float> x, Medium& medium) {
    SumRequest request;
    request.site = site;
    request.position = position;
    request.length = model_.hidden_size;
    request.vectors = static_cast<std::int64_t>(x.size()) / model_.hidden_size;
    request.partials = partials_;
    request.residual = x;
    medium.elapse(
        charge_site(config_, model_, slices_, site.kind, position, request.vectors, compute_));

    std::vector<float> sum(x.size());
    std::vector<float> exact(x.size());
    medium.all_reduce(request, sum);
    exact_sum(request, exact);
    errors_[site.index].add(sum, exact);
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] += sum[i];
}

}  // namespace aircomp::runtime
