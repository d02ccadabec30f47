// SPDX-License-Identifier: GPL-3.0-or-later
// A run's status as a page shows it.
#include "daemon/coordinator/run_figures.hpp"

namespace aircomp::runtime::testbed {

RunFigures::RunFigures(const Config& config, const std::string& model) : config_(config) {
    figures_.model = model;
    figures_.scheme = config.scheme;
    figures_.is_simulated = false;
}

serve::LiveFigures RunFigures::take(const RunStatus& status, double busy_s) {
    const CoordinatorSummary& totals = status.totals;
    if (totals.new_tokens > tokens_) {
        const auto tokens = static_cast<double>(totals.new_tokens - tokens_);
        const double passes_s = busy_s - busy_s_, rounds_s = totals.reduce_s - reduce_s_;
        figures_.tokens = totals.new_tokens;
        figures_.tokens_per_s = tokens / passes_s;
        figures_.parts = {{"rounds", rounds_s / tokens},
                          {"coordinator", (passes_s - rounds_s) / tokens}};
        tokens_ = totals.new_tokens;
        busy_s_ = busy_s;
        reduce_s_ = totals.reduce_s;
    }
    if (totals.air) figures_.nmse = totals.air->nmse.value_or(totals.air->nmse_estimate);
    add_devices(status);
    return figures_;
}

void RunFigures::add_devices(const RunStatus& status) {
    figures_.devices.clear();
    for (std::size_t n = 0; n < status.devices.size(); ++n) {
        serve::LiveDevice device;
        device.name = config_.devices[n].name;
        device.share = status.totals.devices[n].share;
        device.max_power_w = config_.devices[n].max_power_w;
        if (status.totals.air) device.power_w = status.totals.air->devices[n].power_w;
        device.state = control::name_of(status.devices[n].state);
        device.is_there = status.devices[n].state != control::PeerState::closed;
        figures_.devices.push_back(device);
    }
}

}  // namespace aircomp::runtime::testbed
