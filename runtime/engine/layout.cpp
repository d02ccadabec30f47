// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices, slices to operations.
#include "engine/layout.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

#include "air/radio_cell.hpp"
#include "aircomp/optimizer/apportion.hpp"
#include "engine/assignment.hpp"
#include "schemes/media.hpp"

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

bool holds_any(const inference::Slice& slice) {
    return !slice.kv_groups.empty() || !slice.ffn_columns.empty();
}

}  // namespace

std::int64_t context_of(const Config& config, const inference::ModelConfig& model) {
    if (config.model.context == 0) return model.context;
    if (config.model.context > model.context) {
        throw std::invalid_argument("context of " + std::to_string(config.model.context) +
                                    " tokens: the model was made for at most " +
                                    std::to_string(model.context));
    }
    return config.model.context;
}

Layout lay_out(Config config, const inference::ModelConfig& model, double weight_bytes) {
    validate(config, "configuration", check_scheme);
    if (assigns_shares(config.scheme)) {
        const auto assignment = assign(config, model, weight_bytes);
        config.shares = assignment.shares;
        return {config,
                inference::make_slices(model, assignment.kv_groups, assignment.ffn_columns)};
    }
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
    const auto slices =
        inference::make_slices(model, optimizer::apportion(config.shares, model.kv_heads),
                               optimizer::apportion(config.shares, model.ffn_size));
    return {std::move(config), slices};
}

double token_flops(const Config& config, const inference::ModelConfig& model,
                   const inference::Slice& slice) {
    const std::int64_t context = config.model.context > 0 ? config.model.context : model.context;
    double layer = 0;
    for (const SiteKind kind : {SiteKind::attention, SiteKind::mlp})
        layer += site_flops(model, slice, kind, context / 2, 1);
    return static_cast<double>(model.layers) * layer;
}

double token_air_time_s(const Config& config, const inference::ModelConfig& model) {
    const double uses =
        std::ceil(static_cast<double>(model.hidden_size) / (2.0 * config.radio.streams));
    return 2 * static_cast<double>(model.layers) * air_time_s(config.radio, uses);
}

std::vector<double> transmit_powers_w(const Config& config, const inference::ModelConfig& model,
                                      const std::vector<inference::Slice>& slices) {
    std::vector<double> powers_w(slices.size(), 0);
    double taking_part = 0;
    for (const auto& slice : slices)
        taking_part += holds_any(slice) ? 1 : 0;
    const double air_s =
        token_air_time_s(config, model) * (config.scheme == "fdma" ? taking_part : 1);
    for (std::size_t n = 0; n < slices.size(); ++n) {
        if (!holds_any(slices[n])) continue;
        const DeviceConfig& device = config.devices[n];
        powers_w[n] = device.max_power_w;
        if (!device.energy_j_per_token || !is_analog(config.scheme)) continue;
        const double compute_j = device.energy_j_per_flop * token_flops(config, model, slices[n]);
        const double left_j = *device.energy_j_per_token - compute_j;
        if (left_j <= 0) {
            std::ostringstream message;
            message << "device '" << device.name << "': energy_j_per_token: expected more than "
                    << compute_j << " J, which computing its share of a token takes, found "
                    << *device.energy_j_per_token;
            throw std::runtime_error(message.str());
        }
        powers_w[n] = std::min(device.max_power_w, left_j / air_s);
    }
    return powers_w;
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
