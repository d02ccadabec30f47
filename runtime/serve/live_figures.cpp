// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as JSON.
#include "serve/live_figures.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "serve/summary_json.hpp"

namespace aircomp::runtime::serve {
namespace {

using Json = nlohmann::ordered_json;

/// Points of a picture need no more digits.
double rounded(float value) {
    return std::round(1e3 * static_cast<double>(value)) / 1e3;
}

Json to_json(const LiveDevice& device) {
    Json json = {{"name", device.name},       {"share", device.share},
                 {"power_w", device.power_w}, {"max_power_w", device.max_power_w},
                 {"state", device.state},     {"is_there", device.is_there},
                 {"losses", device.losses}};
    if (device.radio) json["radio"] = testbed::to_json(*device.radio);
    return json;
}

Json to_json(const LiveAir& air) {
    Json symbols = Json::array();
    for (const auto& symbol : air.view.symbols)
        symbols.push_back({rounded(symbol.real()), rounded(symbol.imag())});
    return {{"nmse_expected", air.totals.nmse_estimate},
            {"is_measured", air.totals.nmse.has_value()},
            {"condition_db", air.totals.condition_db},
            {"soundings", air.totals.soundings},
            {"repeated_rounds", air.totals.repeated_rounds},
            {"evm", air.view.pilot_evm},
            {"symbol_rms", air.view.symbol_rms},
            {"symbols", std::move(symbols)}};
}

}  // namespace

std::string to_json(const LiveFigures& figures) {
    Json json = {{"model", figures.model},
                 {"scheme", figures.scheme},
                 {"answers", figures.answers},
                 {"text", figures.text},
                 {"phase", figures.phase},
                 {"tokens", figures.tokens},
                 {"tokens_per_s", figures.tokens_per_s},
                 {"nmse", figures.nmse},
                 {"site_nmse", figures.site_nmse},
                 {"is_simulated", figures.is_simulated},
                 {"parts", Json::array()},
                 {"devices", Json::array()},
                 {"events", Json::array()},
                 {"waiting", figures.waiting}};
    for (const LivePart& part : figures.parts)
        json["parts"].push_back({{"name", part.name}, {"s_per_token", part.seconds_per_token}});
    for (const LiveDevice& device : figures.devices)
        json["devices"].push_back(to_json(device));
    for (const LiveEvent& event : figures.events) {
        json["events"].push_back(
            {{"at_s", event.at_s}, {"is_warning", event.is_warning}, {"text", event.text}});
    }
    if (figures.air) json["air"] = to_json(*figures.air);
    return testbed::text_of(json);
}

}  // namespace aircomp::runtime::serve
