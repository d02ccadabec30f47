// SPDX-License-Identifier: GPL-3.0-or-later
#include "first_light_json.hpp"

namespace aircomp::app {
namespace {

Json to_json(const runtime::FirstLightDevice& radio) {
    Json json = {{"name", radio.name},
                 {"receive_peak_dbfs", radio.receive_peak_dbfs},
                 {"late", radio.late},
                 {"underflowed", radio.underflowed},
                 {"broken", radio.broken},
                 {"unacknowledged", radio.unacknowledged},
                 {"clipped_samples", radio.clipped_samples}};
    return json;
}

}  // namespace

Json first_light_json(const runtime::FirstLightReport& report) {
    Json rounds = Json::array();
    for (const auto& round : report.rounds) {
        rounds.push_back({{"number", round.number},
                          {"time_s", round.time_s},
                          {"nmse", round.nmse},
                          {"expected_nmse", round.expected_nmse},
                          {"evm", round.evm},
                          {"phase_deg", round.phase_deg},
                          {"noise_power_w", round.noise_power_w},
                          {"confidence", round.confidence},
                          {"device_power_dbfs", round.device_power_dbfs}});
    }
    Json devices = Json::array();
    for (const auto& device : report.devices) {
        Json json = to_json(device);
        json["path_gain_db"] = device.path_gain_db;
        json["evm"] = device.evm;
        json["delay_samples"] = device.delay_samples;
        json["offset_hz"] = device.offset_hz;
        json["header_snr_db"] = device.header_snr_db;
        json["phase_deg"] = device.phase_deg;
        json["power_dbfs"] = device.power_dbfs;
        if (device.power_dbm) json["power_dbm"] = *device.power_dbm;
        devices.push_back(json);
    }
    return {{"nmse", report.nmse},
            {"soundings", report.soundings},
            {"repeated_rounds", report.repeated_rounds},
            {"failures", report.failures},
            {"rounds", rounds},
            {"devices", devices},
            {"server", to_json(report.server)}};
}

}  // namespace aircomp::app
