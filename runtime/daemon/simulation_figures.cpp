// SPDX-License-Identifier: GPL-3.0-or-later
// Differences of what a simulation counts.
#include "daemon/simulation_figures.hpp"

#include "engine/layout.hpp"

namespace aircomp::runtime::testbed {

SimulationFigures::SimulationFigures(Simulation& simulation,
                                     const inference::ModelConfig& model_config,
                                     const std::string& model)
    : simulation_(simulation), before_(totals()) {
    const Config& config = simulation.config();
    figures_.model = model;
    figures_.scheme = config.scheme;
    const double whole = token_flops(config, model_config, inference::whole_model(model_config));
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        serve::LiveDevice device;
        device.name = config.devices[n].name;
        device.share = token_flops(config, model_config, simulation.slices()[n]) / whole;
        device.max_power_w = config.devices[n].max_power_w;
        figures_.devices.push_back(device);
    }
}

SimulationFigures::Totals SimulationFigures::totals() const {
    const SlicedModel& model = simulation_.model();
    return {simulation_.medium().usage(), model.compute().seconds, busy_s_, model.tokens(),
            model.errors()};
}

serve::LiveFigures SimulationFigures::take() {
    const Totals now = totals();
    if (now.tokens > before_.tokens) {
        figures_.tokens = now.tokens;
        figures_.tokens_per_s =
            static_cast<double>(now.tokens - before_.tokens) / (now.busy_s - before_.busy_s);
        add_errors(now);
        add_parts(now);
        add_powers(now);
        before_ = now;
    }
    return figures_;
}

void SimulationFigures::add_errors(const Totals& now) {
    SumError whole;
    figures_.site_nmse.clear();
    for (std::size_t site = 0; site < now.errors.size(); ++site) {
        const SumError since = {now.errors[site].error - before_.errors[site].error,
                                now.errors[site].signal - before_.errors[site].signal};
        whole.error += since.error;
        whole.signal += since.signal;
        figures_.site_nmse.push_back(since.nmse());
    }
    figures_.nmse = whole.nmse();
}

void SimulationFigures::add_parts(const Totals& now) {
    const auto tokens = static_cast<double>(now.tokens - before_.tokens);
    const Ledger &link = now.link, &then = before_.link;
    figures_.parts = {{"compute", (now.compute_s - before_.compute_s) / tokens},
                      {"uplink", (link.uplink_s - then.uplink_s) / tokens},
                      {"downlink", (link.downlink_s - then.downlink_s) / tokens},
                      {"sounding", (link.sounding_s - then.sounding_s) / tokens},
                      {"control", (link.control_s - then.control_s) / tokens},
                      {"frames", (link.frame_s - then.frame_s) / tokens}};
}

void SimulationFigures::add_powers(const Totals& now) {
    const Ledger &link = now.link, &then = before_.link;
    const double seconds = link.total_s() - then.total_s() + now.compute_s - before_.compute_s;
    for (std::size_t n = 0; n < figures_.devices.size(); ++n) {
        const bool is_known =
            n < link.transmit_energy_j.size() && n < then.transmit_energy_j.size() && seconds > 0;
        figures_.devices[n].power_w =
            is_known ? (link.transmit_energy_j[n] - then.transmit_energy_j[n]) / seconds : 0;
    }
}

}  // namespace aircomp::runtime::testbed
