// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices, slices to operations.
#include "engine/layout.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

#include "air/radio_cell.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/optimizer/apportion.hpp"
#include "engine/assignment.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {

std::int64_t context_of(const Config& config, const inference::ModelConfig& model) {
    if (config.model.context == 0) return model.context;
    if (config.model.context > model.context) {
        throw std::invalid_argument("context of " + std::to_string(config.model.context) +
                                    " tokens: the model was made for at most " +
                                    std::to_string(model.context));
    }
    return config.model.context;
}

Layout lay_out(Config config, const inference::ModelConfig& model, double bytes_per_weight) {
    validate(config, "configuration", check_scheme);
    const Scheme& scheme = find_scheme(config.scheme);
    if (scheme.assigns_shares) {
        const auto assignment = assign(config, model, bytes_per_weight);
        config.shares = assignment.shares;
        return {config,
                inference::make_slices(model, {assignment.kv_groups, assignment.ffn_columns})};
    }
    if (scheme.one_device) {
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
    inference::UnitCounts counts;
    for (const inference::Unit& unit : inference::units_of(model))
        counts.push_back(optimizer::apportion(config.shares, unit.count));
    return {std::move(config), inference::make_slices(model, counts)};
}

double token_flops(const Config& config, const inference::ModelConfig& model,
                   const inference::Slice& slice) {
    const std::int64_t context = config.model.context > 0 ? config.model.context : model.context;
    return inference::token_flops(model, slice, context / 2);
}

double token_air_time_s(const Config& config, const inference::ModelConfig& model) {
    const double uses =
        std::ceil(static_cast<double>(model.hidden_size) / (2.0 * config.radio.streams));
    return static_cast<double>(model.sites()) * air_time_s(config.radio, uses);
}

std::vector<double> transmit_powers_w(const Config& config, const inference::ModelConfig& model,
                                      const std::vector<inference::Slice>& slices) {
    std::vector<double> powers_w(slices.size(), 0);
    double taking_part = 0;
    for (const auto& slice : slices)
        taking_part += inference::holds_any(slice) ? 1 : 0;
    const Scheme& scheme = find_scheme(config.scheme);
    const double air_s =
        token_air_time_s(config, model) * (scheme.time_grows_with_devices ? taking_part : 1);
    for (std::size_t n = 0; n < slices.size(); ++n) {
        if (!inference::holds_any(slices[n])) continue;
        const DeviceConfig& device = config.devices[n];
        powers_w[n] = device.max_power_w;
        if (!device.energy_j_per_token || !scheme.analog) continue;
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
                   std::int64_t position, std::int64_t vectors, ComputeUsage& usage,
                   gsl::span<const double> coding_flops) {
    double slowest = 0;
    for (std::size_t n = 0; n < slices.size(); ++n) {
        double flops = inference::site_flops(model, slices[n], kind, position, vectors);
        if (!coding_flops.empty()) flops += coding_flops[n];
        slowest = std::max(slowest, flops / config.devices[n].compute_flops_per_s);
        usage.device_energy_j[n] += flops * config.devices[n].energy_j_per_flop;
    }
    usage.seconds += slowest;
    return slowest;
}

double charge_head(const Config& config, const inference::ModelConfig& model, std::int64_t vectors,
                   ComputeUsage& usage) {
    return charge_server(config, inference::head_flops(model, vectors), usage);
}

double charge_server(const Config& config, double flops, ComputeUsage& usage) {
    const double seconds = flops / config.server_flops_per_s;
    usage.seconds += seconds;
    usage.server_energy_j += flops * config.server_energy_j_per_flop;
    return seconds;
}

}  // namespace aircomp::runtime
