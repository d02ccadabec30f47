// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes, operations, air time and links of a testbed, as the assignment of shares needs them.
#include "engine/assignment.hpp"

#include <cmath>
#include <limits>

#include "air/radio_cell.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "engine/layout.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

// Weights and KV cache.
double slice_bytes(const Config& config, const inference::ModelConfig& model,
                   const inference::Slice& slice, double bytes_per_weight) {
    return inference::weight_bytes(model, slice, bytes_per_weight) +
           inference::cache_bytes(model, slice, context_of(config, model));
}

// The link whose channels are distributed as the coordinator's estimates: the conditional mean is
// the pilots' estimate, noise included, shrunk by what of its power is the channel's.
void set_link(const Config& config, std::size_t n, double path_gain,
              optimizer::AssignmentDevice& device) {
    const RadioConfig& radio = config.radio;
    const double K = rician_factor(radio);
    const bool perfect = radio.channel_knowledge == ChannelKnowledge::perfect;
    const double variance = perfect ? 0 : pilot_variance(config, n);
    const double shrinkage = path_gain / (path_gain + variance);
    device.link.receive_antennas = radio.server_antennas;
    device.link.transmit_antennas = config.devices[n].antennas;
    device.link.path_gain = shrinkage * path_gain;
    device.link.rician_factor = K * path_gain / (path_gain + (1 + K) * variance);
    device.error_variance = shrinkage * variance;
}

}  // namespace

optimizer::AssignmentProblem assignment_problem(const Config& config,
                                                const inference::ModelConfig& model,
                                                double bytes_per_weight) {
    validate(config, "configuration", check_scheme);
    optimizer::AssignmentProblem problem;
    problem.streams = config.radio.streams;
    problem.noise_power_w = noise_power_w(config);
    const std::string& design = find_scheme(config.scheme).design;
    if (!design.empty()) problem.scheme = design;
    problem.model_bytes =
        slice_bytes(config, model, inference::whole_model(model), bytes_per_weight);
    problem.token_flops = token_flops(config, model, inference::whole_model(model));
    problem.air_time_s = token_air_time_s(config, model);
    problem.compute_time_s = config.assignment.compute_time_s > 0
                                 ? config.assignment.compute_time_s
                                 : std::numeric_limits<double>::max();
    const std::vector<double> gains = path_gains(config);
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        const DeviceConfig& own = config.devices[n];
        optimizer::AssignmentDevice device;
        set_link(config, n, gains[n], device);
        device.name = own.name;
        device.max_power_w = own.max_power_w;
        device.min_power_w = own.min_power_w;
        device.energy_per_flop_j = own.energy_j_per_flop;
        // Unlimited: enough to hold everything and still send with full power.
        device.energy_j = own.energy_j_per_token.value_or(
            own.energy_j_per_flop * problem.token_flops + own.max_power_w * problem.air_time_s);
        device.flops_per_s = own.compute_flops_per_s;
        device.memory_bytes = own.memory_bytes;
        problem.devices.push_back(device);
    }
    return problem;
}

optimizer::LayerUnits layer_units(const Config& config, const inference::ModelConfig& model,
                                  double bytes_per_weight) {
    // The optimiser knows two kinds of units: the model's first, and its second.
    const auto units = inference::units_of(model);
    const inference::Slice first = units.at(0).first(units[0].count);
    const inference::Slice whole = inference::whole_model(model);
    return {units[0].count, units.at(1).count,
            token_flops(config, model, first) / token_flops(config, model, whole),
            slice_bytes(config, model, first, bytes_per_weight) /
                slice_bytes(config, model, whole, bytes_per_weight)};
}

optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double bytes_per_weight) {
    return assign(config, model, bytes_per_weight,
                  assignment_problem(config, model, bytes_per_weight));
}

optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double bytes_per_weight,
                                     const optimizer::AssignmentProblem& problem) {
    optimizer::AssignmentOptions options;
    options.seed = config.seed;
    options.channels = 2;  // the final estimate is not asked for
    int channels_of_units = 50;
    if (find_scheme(config.scheme).kinked_objective) {
        // Their objective has kinks, around which the search never meets its tolerance, and a
        // design takes milliseconds.
        options.max_iterations = 200;
        options.batch = 4;
        channels_of_units = 10;
    }
    const auto shares = optimizer::assign_shares(problem, options).shares;
    return optimizer::refine_to_units(problem, shares, layer_units(config, model, bytes_per_weight),
                                      channels_of_units);
}

}  // namespace aircomp::runtime
