// SPDX-License-Identifier: GPL-3.0-or-later
// link, perplexity, outliers, design and assignment.
#include "measures.hpp"

#include <algorithm>
#include <cmath>

#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/design.hpp"
#include "dimensions.hpp"
#include "engine/assignment.hpp"
#include "evaluation.hpp"
#include "experiment/link_trial.hpp"
#include "experiment/outliers.hpp"

namespace aircomp::app {
namespace {

using runtime::ExperimentPoint;

/// What to_json(TokenCost) has, of its lists the energy of each device where the point asks for it.
Json columns(const ExperimentPoint& point, const Json& cost) {
    Json row;
    for (const auto& [key, value] : cost.items())
        if (value.is_number()) row[key] = value;
    row["communication_s"] = cost["total_s"].get<double>() - cost["compute_s"].get<double>();
    const Json& energy = cost["device_energy_j"];
    row["most_device_energy_j"] = *std::max_element(energy.begin(), energy.end());
    const auto& devices = point.config.devices;
    if (!point.setup.device_energy) return row;
    if (energy.size() != devices.size()) {
        throw std::runtime_error("setup.device_energy: the scheme " + point.config.scheme +
                                 " leaves only one of the devices");
    }
    for (std::size_t n = 0; n < devices.size(); ++n)
        row[devices[n].name + "_energy_j"] = energy[n];
    return row;
}

Json measure_link(const ExperimentPoint& point) {
    const auto trial = runtime::run_link_trial(point.config, dimensions_of(point.setup.dimensions),
                                               point.setup.tokens, point.setup.position);
    Json row = {{"nmse", trial.nmse}, {"clipped_fraction", trial.clipped_fraction}};
    row.update(columns(point, app::to_json(trial.cost)));
    return row;
}

optimizer::Assignment assign(const ExperimentPoint& point,
                             const optimizer::AssignmentProblem& problem) {
    optimizer::AssignmentOptions options;
    options.seed = point.config.seed;
    options.channels = static_cast<int>(point.setup.channels);
    if (point.setup.iterations > 0) options.max_iterations = point.setup.iterations;
    return optimizer::assign_shares(problem, options);
}

EvaluationOptions evaluation_of(const runtime::ExperimentSetup& setup) {
    EvaluationOptions options;
    options.text_file = setup.text.string();
    options.context = setup.context_tokens;
    options.limit_tokens = setup.limit_tokens;
    options.progress = false;
    return options;
}

Json measure_perplexity(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/true);
    const Json result = evaluate(point.config, model, evaluation_of(point.setup));
    Json row;
    for (const char* key : {"nmse", "perplexity", "bits_per_byte", "tokens", "clipped_fraction"})
        row[key] = result[key];
    row.update(columns(point, result["time_per_token"]));
    return row;
}

Json measure_outliers(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/true);
    const auto& dimensions = model.checkpoint.config();
    if (point.setup.layer < 0 || point.setup.layer >= dimensions.layers) {
        throw std::runtime_error("setup.layer: expected from 0 to " +
                                 std::to_string(dimensions.layers - 1) + ", found " +
                                 std::to_string(point.setup.layer));
    }
    const auto layout =
        runtime::lay_out(point.config, dimensions, inference::bytes_per_weight(model.checkpoint));
    runtime::SlicedModel sliced(model.checkpoint, layout.slices, layout.config);
    runtime::OutlierMedium medium(
        layout.config, dimensions.hidden_size,
        dimensions.site(point.setup.layer, point.setup.site == "mlp"
                                               ? runtime::SiteKind::mlp
                                               : runtime::SiteKind::attention));
    const auto forward = [&](gsl::span<const inference::Token> tokens) {
        return sliced.forward(tokens, 0, medium, /*last_only=*/false);
    };
    score(forward, point.config, model, tokens_of(point.setup.text.string(), model),
          evaluation_of(point.setup));
    const runtime::Outliers found = medium.outliers();
    return {{"peak_over_rms", found.peak_over_rms},
            {"largest_peak_over_rms", found.largest_peak_over_rms},
            {"kurtosis", found.kurtosis},
            {"first_token_peak_over_rms", found.first_token_peak_over_rms},
            {"first_token_power_ratio", found.first_token_power_ratio}};
}

/// Devices as docs/system-model.md section 4 has them: every power the configuration's, noise from
/// snr_db.
Json measure_design(const ExperimentPoint& point) {
    const auto& config = point.config;
    optimizer::Random random(config.seed);
    optimizer::DesignOptions options;
    if (point.setup.iterations > 0) options.max_iterations = point.setup.iterations;
    double nmse = 0, iterations = 0;
    for (std::int64_t draw = 0; draw < point.setup.channels; ++draw) {
        optimizer::TransceiverProblem problem;
        problem.streams = config.radio.streams;
        double largest_w = 0;
        for (const auto& device : config.devices) {
            optimizer::Link link;
            link.receive_antennas = config.radio.server_antennas;
            link.transmit_antennas = device.antennas;
            link.rician_factor = config.radio.rician_factor;
            link.path_gain =
                device.path_gain ? *device.path_gain : optimizer::draw_path_gain(random);
            largest_w = std::max(largest_w, device.max_power_w);
            problem.channels.push_back(optimizer::draw_channel(link, random));
            problem.power_w.push_back(device.max_power_w);
            problem.second_moments.push_back(1);
        }
        problem.noise_power_w = largest_w / std::pow(10, config.radio.snr_db / 10);
        const auto design = optimizer::design(config.scheme, problem, options);
        nmse += design.nmse;
        iterations += design.iterations;
    }
    const auto count = static_cast<double>(point.setup.channels);
    return {{"nmse", nmse / count}, {"iterations", iterations / count}};
}

Json measure_assignment(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/false);
    const auto problem = runtime::assignment_problem(point.config, model.checkpoint.config(),
                                                     inference::bytes_per_weight(model.checkpoint));
    const auto assignment = assign(point, problem);
    const std::vector<double> equal(problem.devices.size(),
                                    1 / static_cast<double>(problem.devices.size()));
    const auto nearest = optimizer::nearest_feasible(problem, equal);
    const auto expected = optimizer::expected_nmse(
        problem, nearest, static_cast<int>(point.setup.channels), point.config.seed + 1);
    return {
        {"nmse", assignment.nmse.mean},
        {"nmse_standard_error", assignment.nmse.standard_error},
        {"equal_nmse", expected.mean},
        {"equal_over_assigned", expected.mean / assignment.nmse.mean},
        {"stationarity", assignment.trace.back().stationarity},
        {"steps", assignment.trace.size()},
        {"largest_share", *std::max_element(assignment.shares.begin(), assignment.shares.end())}};
}

}  // namespace

Json measure(const std::string& measure, const ExperimentPoint& point) {
    if (measure == "link") return measure_link(point);
    if (measure == "perplexity") return measure_perplexity(point);
    if (measure == "outliers") return measure_outliers(point);
    if (measure == "design") return measure_design(point);
    return measure_assignment(point);
}

}  // namespace aircomp::app
