// SPDX-License-Identifier: GPL-3.0-or-later
// Costs and configurations as JSON.
#include "experiment/cost_json.hpp"

namespace aircomp::runtime {

Json to_json(const TokenCost& cost) {
    Json json = {
        {"compute_s", cost.compute_s},   {"uplink_s", cost.uplink_s},
        {"downlink_s", cost.downlink_s}, {"sounding_s", cost.sounding_s},
        {"control_s", cost.control_s},   {"frame_s", cost.frame_s},
        {"total_s", cost.total_s()},     {"uplink_channel_uses", cost.uplink_channel_uses}};
    for (const auto& [entry, mean] : cost.own)
        json[entry.key] = mean;
    json["device_energy_j"] = cost.device_energy_j;
    json["server_energy_j"] = cost.server_energy_j;
    json["relay_energy_j"] = cost.relay_energy_j;
    json["total_energy_j"] = cost.total_energy_j();
    return json;
}

Json describe(const Config& config) {
    return {{"scheme", config.scheme},
            {"seed", config.seed},
            {"devices", config.devices.size()},
            {"shares", config.shares},
            {"snr_db", config.radio.snr_db}};
}

}  // namespace aircomp::runtime
