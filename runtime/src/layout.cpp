// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices, slices to operations.
#include "aircomp/runtime/layout.hpp"

#include <algorithm>

#include "aircomp/optimizer/apportion.hpp"

namespace aircomp::runtime {
namespace {

double site_flops(const inference::ModelConfig& model, const inference::Slice& slice, SiteKind kind,
                  std::int64_t position, std::int64_t vectors) {
    const auto d = static_cast<double>(model.hidden_size);
    const auto count = static_cast<double>(vectors);
    if (kind == SiteKind::mlp) {
        return count * 6 * d * static_cast<double>(slice.ffn_columns.size());
    }
    const auto groups = static_cast<double>(slice.kv_groups.size());
    const auto head = static_cast<double>(model.head_dim);
    const auto queries = groups * static_cast<double>(model.heads_per_group());
    const double mean_span = static_cast<double>(position) + (count + 1) / 2;
    return count * (2 * d * head * (2 * queries + 2 * groups) + 4 * queries * head * mean_span);
}

}  // namespace

Config effective_config(Config config) {
    if (config.scheme == "centralized") {
        const auto fastest = *std::max_element(
            config.devices.begin(), config.devices.end(), [](const auto& a, const auto& b) {
                return a.compute_flops_per_s < b.compute_flops_per_s;
            });
        config.devices = {fastest};
        config.shares = {1};
    }
    if (config.shares.empty()) {
        config.shares.assign(config.devices.size(), 1 / static_cast<double>(config.devices.size()));
    }
    return config;
}

std::vector<inference::Slice> slices_of(const Config& config, const inference::ModelConfig& model) {
    return inference::make_slices(model, optimizer::apportion(config.shares, model.kv_heads),
                                  optimizer::apportion(config.shares, model.ffn_size));
}

std::vector<bool> participants_of(const std::vector<inference::Slice>& slices) {
    std::vector<bool> participants(slices.size());
    std::transform(slices.begin(), slices.end(), participants.begin(), [](const auto& slice) {
        return !slice.kv_groups.empty() || !slice.ffn_columns.empty();
    });
    return participants;
}

double charge_site(const Config& config, const inference::ModelConfig& model,
                   const std::vector<inference::Slice>& slices, SiteKind kind,
                   std::int64_t position, std::int64_t vectors, ComputeUsage& usage) {
    double slowest = 0;
    for (std::size_t n = 0; n < slices.size(); ++n) {
        const double flops = site_flops(model, slices[n], kind, position, vectors);
        slowest = std::max(slowest, flops / config.devices[n].compute_flops_per_s);
        usage.device_energy_j[n] += flops * config.devices[n].energy_j_per_flop;
    }
    usage.seconds += slowest;
    return slowest;
}

double charge_head(const Config& config, const inference::ModelConfig& model, std::int64_t vectors,
                   ComputeUsage& usage) {
    const double flops = 2.0 * static_cast<double>(model.vocabulary_size) *
                         static_cast<double>(model.hidden_size) * static_cast<double>(vectors);
    const double seconds = flops / config.server_flops_per_s;
    usage.seconds += seconds;
    usage.server_energy_j += flops * config.server_energy_j_per_flop;
    return seconds;
}

}  // namespace aircomp::runtime
