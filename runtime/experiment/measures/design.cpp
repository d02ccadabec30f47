// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `design`: transceivers for drawn channels.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/design.hpp"
#include "experiment/measures.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

optimizer::Designer designer_of(const Config& config) {
    const std::string& design = find_scheme(config.scheme).design;
    if (!design.empty()) return optimizer::make_designer(design);
    throw std::runtime_error("scheme: expected one with a transceiver design, found '" +
                             config.scheme + "'");
}

/// Devices as docs/system-model.md section 4 has them: every power the configuration's, noise from
/// snr_db.
Json measure_design(const ExperimentPoint& point) {
    const auto& config = point.config;
    const optimizer::Designer designer = designer_of(config);
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
        const auto design = designer(problem, options);
        nmse += design.nmse;
        iterations += design.iterations;
    }
    const auto count = static_cast<double>(point.setup.channels);
    return {{"nmse", nmse / count}, {"iterations", iterations / count}};
}

}  // namespace

Measure design_measure() {
    return {"design", "error and iterations of transceivers on drawn channels", {}, measure_design};
}

}  // namespace aircomp::runtime
