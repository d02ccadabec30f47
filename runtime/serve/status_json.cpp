// SPDX-License-Identifier: GPL-3.0-or-later
// A run's summary and its status as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/run_status.hpp"
#include "serve/summary_json.hpp"

namespace aircomp::runtime::testbed {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const DeviceSummary& device) {
    return {{"name", device.name},
            {"heads", device.heads},
            {"ffn_columns", device.ffn_columns},
            {"share", device.share},
            {"rounds", device.rounds},
            {"losses", device.losses},
            {"compute_s", device.compute_s},
            {"wait_s", device.wait_s},
            {"bytes_sent", device.bytes_sent},
            {"bytes_received", device.bytes_received}};
}

Json to_json(const CoordinatorSummary& summary) {
    Json json = {{"new_tokens", summary.new_tokens},
                 {"interrupted", summary.interrupted},
                 {"rounds", summary.rounds},
                 {"repeated_rounds", summary.repeated_rounds},
                 {"epochs", summary.epochs},
                 {"generating_s", summary.generating_s},
                 {"recovering_s", summary.recovering_s},
                 {"reduce_s", summary.reduce_s},
                 {"devices", Json::array()}};
    for (const DeviceSummary& device : summary.devices)
        json["devices"].push_back(to_json(device));
    if (!summary.air) return json;
    json["air"] = {{"nmse_estimate", summary.air->nmse_estimate},
                   {"condition_db", summary.air->condition_db},
                   {"soundings", summary.air->soundings},
                   {"evm_soundings", summary.air->evm_soundings},
                   {"repeated_rounds", summary.air->repeated_rounds},
                   {"messages", summary.air->messages},
                   {"repeated_messages", summary.air->repeated_messages}};
    if (summary.air->nmse) json["air"]["nmse"] = *summary.air->nmse;
    for (std::size_t n = 0; n < summary.air->devices.size(); ++n)
        json["devices"][n]["air"] = to_json(summary.air->devices[n]);
    return json;
}

}  // namespace

Json to_json(const DeviceAirSummary& device) {
    return {{"evm", device.evm},
            {"snr_db", device.snr_db},
            {"condition_db", device.condition_db},
            {"phase_rad", device.phase_rad},
            {"power_w", device.power_w},
            {"power_margin_db", device.power_margin_db},
            {"bursts", device.bursts},
            {"late", device.late},
            {"underflows", device.underflows},
            {"sequence_errors", device.sequence_errors},
            {"unacknowledged", device.unacknowledged},
            {"refused", device.refused},
            {"offset_hz", device.offset_hz},
            {"header_snr_db", device.header_snr_db},
            {"clipped_reals", device.clipped_reals},
            {"limited_vectors", device.limited_vectors}};
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string summary_json(const CoordinatorSummary& summary) {
    return text_of(to_json(summary));
}

std::string status_json(const RunStatus& status) {
    Json json = {{"phase", status.phase}, {"prompt_tokens", status.prompt_tokens}};
    json.update(to_json(status.totals));
    json["refused_connections"] = status.refused_connections;
    const auto tokens = static_cast<double>(std::max<std::int64_t>(1, status.totals.new_tokens));
    json["generating_s_per_token"] = status.totals.generating_s / tokens;
    json["reduce_s_per_token"] = status.totals.reduce_s / tokens;
    for (std::size_t n = 0; n < status.devices.size(); ++n) {
        const LinkStatus& link = status.devices[n];
        Json& device = json["devices"][n];
        device["state"] = name_of(link.state);
        device["heartbeat_age_s"] = link.heartbeat_age_s;
        device["round_trip_s"] = link.round_trip_s;
        device["pause_s"] = link.pause_s;
        device["compute_s_per_token"] = status.totals.devices[n].compute_s / tokens;
        device["wait_s_per_token"] = status.totals.devices[n].wait_s / tokens;
    }
    return text_of(json);
}

}  // namespace aircomp::runtime::testbed
