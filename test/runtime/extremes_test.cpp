// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of a configuration at the ends of their ranges: what comes of them is finite.
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config_entry.hpp"
#include "config/config_texts.hpp"
#include "experiment/cost_json.hpp"
#include "experiment/link_trial.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

/// A configuration in which one number is at an end of its range.
struct Extreme {
    std::string name;
    std::string yaml;
};

void add_extremes(const ConfigEntry& entry, const std::string& name,
                  const std::function<std::string(const std::string& value)>& yaml_of,
                  std::vector<Extreme>& extremes) {
    if (entry.kind != ConfigEntry::Kind::number) return;
    for (const auto& end : {entry.range.lowest, entry.range.highest}) {
        if (!end || entry.range.above_lowest) continue;
        const std::string value = number_text(*end);
        extremes.push_back({name + ": " + value, yaml_of(value)});
    }
}

/// All of sections, of sections in sections none, and of the first device.
std::vector<Extreme> all_extremes() {
    std::vector<Extreme> extremes;
    for (const ConfigEntry& entry : entries_of(default_config())) {
        add_extremes(
            entry, entry.name, [&](const auto& value) { return entry.name + ": " + value; },
            extremes);
        for (const ConfigEntry& member : entry.members) {
            const bool is_device = entry.kind == ConfigEntry::Kind::list;
            const auto yaml_of = [&](const std::string& value) {
                const std::string line = member.name + ": " + value;
                if (!is_device) return entry.name + ": {" + line + "}";
                return member.required ? device_with(member.name, line)
                                       : device_with("antennas", "antennas: 2\n    " + line);
            };
            add_extremes(member, entry.name + "." + member.name, yaml_of, extremes);
        }
    }
    return extremes;
}

void check_finite(const Json& json, const std::string& name) {
    for (const auto& [key, value] : json.items()) {
        if (value.is_structured()) check_finite(value, key);
        CAPTURE(name, key);
        if (value.is_number()) CHECK(std::isfinite(value.get<double>()));
    }
}

TEST_CASE("no number within its range makes time, energy or error of a token infinite") {
    const std::string scheme = GENERATE(as<std::string>(), "mmse", "digital");
    const std::string downlink = scheme == "mmse" ? "multicast" : "control";
    int runs = 0;
    for (const Extreme& extreme : all_extremes()) {
        CAPTURE(extreme.name, scheme);
        try {
            Config config = read(extreme.yaml);
            config.scheme = scheme;
            config.radio.downlink = downlink;
            const LinkTrial trial = run_link_trial(config, small_model(), {});
            ++runs;
            check_finite(to_json(trial.cost), extreme.name);
            CHECK(std::isfinite(trial.nmse));
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).size() > 20);
        } catch (const std::invalid_argument& error) {
            CHECK(std::string(error.what()).size() > 20);
        }
    }
    CHECK(runs > 60);
}

}  // namespace
}  // namespace aircomp::runtime
