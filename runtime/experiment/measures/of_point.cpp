// SPDX-License-Identifier: GPL-3.0-or-later
// Points to columns and options.
#include "experiment/measures/of_point.hpp"

#include <algorithm>
#include <stdexcept>

namespace aircomp::runtime {

Json token_columns(const ExperimentPoint& point, const Json& cost) {
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

EvaluationOptions evaluation_of(const ExperimentSetup& setup) {
    EvaluationOptions options;
    options.text_file = setup.text.string();
    options.context = setup.context_tokens;
    options.limit_tokens = setup.limit_tokens;
    options.protocol = inference::protocol_of(setup.protocol);
    options.reference = setup.reference;
    return options;
}

}  // namespace aircomp::runtime
