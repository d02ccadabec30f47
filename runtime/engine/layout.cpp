// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices, slices to operations.
#include "engine/layout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
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

namespace {

/// Equation (18) for one of them.
double roofline_s(double flops, double flops_per_s, double bytes,
                  const std::optional<double>& bytes_per_s) {
    return std::max(flops / flops_per_s, bytes_per_s ? bytes / *bytes_per_s : 0);
}

/// What goes through the model at once: all vectors, or one after the other.
std::vector<SiteWork> passes_of(const SiteWork& work) {
    if (work.together) return {work};
    std::vector<SiteWork> passes;
    for (const Stretch& stretch : work.stretches) {
        for (std::int64_t v = 0; v < stretch.vectors; ++v)
            passes.push_back({work.kind, {{stretch.position + v}}});
    }
    return passes;
}

}  // namespace

std::int64_t SiteWork::vectors() const {
    return std::accumulate(
        stretches.begin(), stretches.end(), std::int64_t{0},
        [](std::int64_t sum, const Stretch& stretch) { return sum + stretch.vectors; });
}

Computing::Task Computing::projection(std::size_t device, const SiteWork& work) const {
    const auto width = inference::input_width(model_, slices_[device], work.kind);
    const auto weights = static_cast<double>(width * model_.hidden_size);
    return {2 * weights * static_cast<double>(work.vectors()), weights * bytes_per_weight_};
}

Computing::Task Computing::device_task(std::size_t device, const SiteWork& work) const {
    const inference::Slice& slice = slices_[device];
    Task task;
    task.bytes = inference::site_weights(model_, slice, work.kind) * bytes_per_weight_;
    for (const Stretch& stretch : work.stretches) {
        task.flops +=
            inference::site_flops(model_, slice, work.kind, stretch.position, stretch.vectors);
        task.bytes += inference::site_cache_bytes(model_, slice, work.kind,
                                                  stretch.position + stretch.vectors - 1);
    }
    if (gathers_) {
        const Task last = projection(device, work);
        task.flops -= last.flops;
        task.bytes -= last.bytes;
    }
    return task;
}

double Computing::charge_devices(const SiteWork& work, ComputeUsage& usage) const {
    double seconds = 0;
    for (const SiteWork& pass : passes_of(work)) {
        double slowest = 0;
        for (std::size_t n = 0; n < slices_.size(); ++n) {
            const DeviceConfig& device = config_.devices[n];
            Task task = device_task(n, pass);
            if (!work.coding_flops.empty()) {
                task.flops += work.coding_flops[n] * static_cast<double>(pass.vectors()) /
                              static_cast<double>(work.vectors());
            }
            slowest =
                std::max(slowest, roofline_s(task.flops, device.compute_flops_per_s, task.bytes,
                                             device.memory_bandwidth_bytes_per_s));
            usage.device_energy_j[n] += task.flops * device.energy_j_per_flop;
        }
        seconds += slowest;
    }
    usage.seconds += seconds;
    return seconds;
}

double Computing::charge_server(const SiteWork& work, double coding_flops,
                                ComputeUsage& usage) const {
    const std::vector<SiteWork> passes = passes_of(work);
    double seconds = 0;
    for (const SiteWork& pass : passes) {
        Task task;
        for (std::size_t n = 0; gathers_ && n < slices_.size(); ++n) {
            const Task last = projection(n, pass);
            task.flops += last.flops;
            task.bytes += last.bytes;
        }
        task.flops += coding_flops / static_cast<double>(passes.size());
        seconds += charge(task, usage);
    }
    return seconds;
}

double Computing::charge_head(ComputeUsage& usage, std::int64_t tokens) const {
    const double weights = inference::head_flops(model_, 1) / 2;
    return charge({inference::head_flops(model_, tokens), weights * bytes_per_weight_}, usage);
}

double Computing::charge(const Task& task, ComputeUsage& usage) const {
    const double seconds = roofline_s(task.flops, config_.server_flops_per_s, task.bytes,
                                      config_.server_memory_bandwidth_bytes_per_s);
    usage.seconds += seconds;
    usage.server_energy_j += task.flops * config_.server_energy_j_per_flop;
    return seconds;
}

}  // namespace aircomp::runtime
