// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes, operations, air time and links of a testbed, as the assignment of shares needs them.
#include "engine/assignment.hpp"

#include <cmath>
#include <limits>

#include "air/radio_cell.hpp"
#include "engine/layout.hpp"
#include "schemes/media.hpp"

namespace aircomp::runtime {
namespace {

struct LayerWeights {
    double attention, mlp;
    double sum() const { return attention + mlp; }
};

// Weights of one layer; norms, which every device has, and biases do not count.
LayerWeights layer_weights(const inference::ModelConfig& model) {
    const auto D = static_cast<double>(model.hidden_size);
    const auto head_columns = static_cast<double>(model.head_dim * (model.heads + model.kv_heads));
    return {2 * D * head_columns, 3 * D * static_cast<double>(model.ffn_size)};
}

// Of one layer.
double cache_bytes(const Config& config, const inference::ModelConfig& model) {
    return 2 * static_cast<double>(context_of(config, model)) *
           static_cast<double>(model.kv_heads * model.head_dim) * sizeof(float);
}

double model_bytes(const Config& config, const inference::ModelConfig& model, double weight_bytes) {
    return static_cast<double>(model.layers) *
           (layer_weights(model).sum() * weight_bytes + cache_bytes(config, model));
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

double weight_bytes(const inference::Checkpoint& checkpoint) {
    const inference::ModelConfig& model = checkpoint.config();
    const auto weights = checkpoint.tensor("model.layers.0.self_attn.q_proj.weight",
                                           {model.heads * model.head_dim, model.hidden_size});
    return static_cast<double>(inference::element_bytes(weights.type));
}

optimizer::AssignmentProblem assignment_problem(const Config& config,
                                                const inference::ModelConfig& model,
                                                double weight_bytes) {
    validate(config, "configuration", check_scheme);
    optimizer::AssignmentProblem problem;
    problem.streams = config.radio.streams;
    problem.noise_power_w = noise_power_w(config);
    const std::string design = design_of(config.scheme);
    if (!design.empty()) problem.scheme = design;
    problem.model_bytes = model_bytes(config, model, weight_bytes);
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
                                  double weight_bytes) {
    inference::Slice attention = inference::whole_model(model);
    attention.ffn_columns = {};
    const LayerWeights weights = layer_weights(model);
    const double cache = cache_bytes(config, model);
    return {model.kv_heads, model.ffn_size,
            token_flops(config, model, attention) /
                token_flops(config, model, inference::whole_model(model)),
            (weights.attention * weight_bytes + cache) / (weights.sum() * weight_bytes + cache)};
}

optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double weight_bytes) {
    return assign(config, model, weight_bytes, assignment_problem(config, model, weight_bytes));
}

optimizer::IntegralAssignment assign(const Config& config, const inference::ModelConfig& model,
                                     double weight_bytes,
                                     const optimizer::AssignmentProblem& problem) {
    optimizer::AssignmentOptions options;
    options.seed = config.seed;
    options.channels = 2;  // the final estimate is not asked for
    int channels_of_units = 50;
    if (problem.scheme != "mmse") {
        // Their objective has kinks, which the search goes round without ever meeting its
        // tolerance, and a design takes milliseconds.
        options.max_iterations = 200;
        options.batch = 4;
        channels_of_units = 10;
    }
    const auto shares = optimizer::assign_shares(problem, options).shares;
    return optimizer::refine_to_units(problem, shares, layer_units(config, model, weight_bytes),
                                      channels_of_units);
}

}  // namespace aircomp::runtime
